"""`rencheng doctor`: what broker and database allow, measured, and what to change."""

import typer
from rich.console import Console
from rich.table import Table

from commands.database_access import open_engine
from commands.doctor.checks import CheckResult, check_broker, check_database, explain_no_reply
from rencheng.messaging.mqtt.probe import NoReply, probe_broker
from rencheng.runtime.settings import BrokerAccounts, BrokerSettings
from rencheng.store.core.diagnosis import diagnose

_MARKS = {"good": "[green]good 良好[/]", "change": "[yellow]change 建议调整[/]", "danger": "[red]danger 会丢数据[/]"}


class DoctorSettings(BrokerSettings, BrokerAccounts):
    """Where the broker is, and two accounts on it: one that may speak, one that may listen."""


def doctor() -> None:
    """Measure the broker's window and queue and the database's commits; say what loses data and what costs speed.

    Takes some five seconds and sends 12,000 small messages, which nobody else hears. Ends with status 1 if readings
    can be lost as it is set.
    """
    settings = DoctorSettings.load()
    with open_engine() as engine, engine.connect() as connection:
        condition = diagnose(connection)
    try:
        passage = probe_broker(
            settings.mqtt_address,
            speaker=("rencheng-ingest", settings.mqtt_ingest_password.get_secret_value()),
            listener=("rencheng-operator", settings.mqtt_operator_password.get_secret_value()),
        )
        findings = check_broker(passage, commit_ms=condition.commit_ms)
    except NoReply as silence:
        findings = explain_no_reply(silence)
    findings += check_database(condition)
    _show(findings)
    if any(finding.severity == "danger" for finding in findings):
        raise typer.Exit(1)


def _show(findings: list[CheckResult]) -> None:
    table = Table("what", "found", "")
    for finding in findings:
        table.add_row(finding.about, finding.found, _MARKS[finding.severity])
    console = Console()
    console.print(table)
    for finding in findings:
        if finding.advice:
            console.print(f"[bold]{finding.about}[/]: {finding.advice}", highlight=False)
