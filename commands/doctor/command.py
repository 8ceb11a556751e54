"""`rencheng doctor`: measure the broker and the database, and say what to change."""

import typer
from rich.console import Console
from rich.table import Table

from commands.database_access import open_engine
from commands.doctor.checks import (
    CheckResult,
    check_broker,
    check_database,
    check_late_gauges,
    check_parts,
    explain_no_reply,
)
from rencheng.domain.part_rules import judge
from rencheng.messaging.mqtt.probe import NoReply, probe_broker
from rencheng.runtime.settings import BrokerAccounts, BrokerSettings
from rencheng.store.accounting.heartbeats import load_platform_record
from rencheng.store.core.diagnosis import diagnose
from rencheng.store.registry.monitoring import late_gauges

_SEVERITY_TEXT = {
    "good": "[green]good 良好[/]",
    "change": "[yellow]change 建议调整[/]",
    "danger": "[red]danger 会丢数据[/]",
}

ANSWER_WITHIN_S = 10.0
"""A database that does not answer a small question within this time hangs."""


class DoctorSettings(BrokerSettings, BrokerAccounts):
    """The broker's address, and two accounts: one that publishes, one that subscribes."""


def doctor() -> None:
    """Measure the broker's in-flight window and queue and the database's commits, and recommend settings.

    It takes about five seconds and sends 12,000 small messages to a topic of its own. Exit status 1 if readings can be
    lost with the current settings.
    """
    settings = DoctorSettings.load()
    with open_engine(answer_within_s=ANSWER_WITHIN_S) as engine, engine.connect() as connection:
        condition = diagnose(connection)
        parts = judge(load_platform_record(connection))
        late = late_gauges(connection)
    try:
        probe = probe_broker(
            settings.mqtt_address,
            publisher=("rencheng-ingest", settings.mqtt_ingest_password.get_secret_value()),
            subscriber=("rencheng-operator", settings.mqtt_operator_password.get_secret_value()),
        )
        results = check_broker(probe, commit_ms=condition.commit_ms)
    except NoReply as error:
        results = explain_no_reply(error)
    results += check_database(condition)
    results += [*check_parts(parts), check_late_gauges(late)]
    _print(results)
    if any(result.severity == "danger" for result in results):
        raise typer.Exit(1)


def _print(results: list[CheckResult]) -> None:
    table = Table("check", "measured", "result")
    for result in results:
        table.add_row(result.about, result.found, _SEVERITY_TEXT[result.severity])
    console = Console()
    console.print(table)
    for result in results:
        if result.advice:
            console.print(f"[bold]{result.about}[/]: {result.advice}", highlight=False)
