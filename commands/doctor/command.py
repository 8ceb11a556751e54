"""`rencheng doctor`: measure the broker and the database, and say what to change."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.database_access import open_engine
from commands.doctor.access_checks import check_access, check_binding, check_encryption, check_oversize
from commands.doctor.checks import (
    CheckResult,
    check_broker,
    check_database,
    check_faults,
    check_late_gauges,
    check_parts,
    explain_no_reply,
)
from commands.doctor.command_checks import check_commands
from commands.doctor.duty_checks import check_duties, load_duties
from rencheng.domain.part_rules import judge
from rencheng.messaging.mqtt.access_probe import binds_account, certificate_end, oversize_clients, probe_access
from rencheng.messaging.mqtt.probe import NoReply, probe_broker
from rencheng.runtime.settings import BrokerAccounts, BrokerSettings
from rencheng.store.accounting.heartbeats import load_platform_record
from rencheng.store.commands.waiting import waiting_commands
from rencheng.store.core.diagnosis import diagnose
from rencheng.store.registry.monitoring import late_gauges
from rencheng.store.response.watch import find_faults

LOOPBACK = ("127.0.0.1", "::1", "localhost")

_SEVERITY_TEXT = {
    "good": "[green]good 良好[/]",
    "change": "[yellow]change 建议调整[/]",
    "danger": "[red]danger 危险[/]",
}

ANSWER_WITHIN_S = 10.0
"""A database that does not answer a small question within this time hangs."""


class DoctorSettings(BrokerSettings, BrokerAccounts):
    """The broker's address, and two accounts: one that publishes, one that subscribes."""


def doctor(
    devices_url: Annotated[
        str | None,
        typer.Option(help="The listener for devices, such as mqtts://mqtt.example.org:8883, to check it too."),
    ] = None,
) -> None:
    """Measure broker and database, try what an attacker with a device's account would, and recommend settings.

    It takes about 15 seconds and sends 12,000 small messages to a topic of its own. Exit status 1 if readings can be
    lost or forged with the current settings.
    """
    settings = DoctorSettings.load()
    with open_engine(answer_within_s=ANSWER_WITHIN_S) as engine, engine.connect() as connection:
        condition = diagnose(connection)
        parts = judge(load_platform_record(connection))
        late = late_gauges(connection)
        duties = load_duties(connection)
        faults = find_faults(connection)
        waiting = waiting_commands(connection)
    try:
        probe = probe_broker(
            settings.mqtt_address,
            tls=settings.mqtt_tls,
            publisher=("rencheng-ingest", settings.mqtt_ingest_password.get_secret_value()),
            subscriber=("rencheng-operator", settings.mqtt_operator_password.get_secret_value()),
        )
        results = check_broker(probe, commit_ms=condition.commit_ms)
    except NoReply as error:
        results = explain_no_reply(error)
    results += _access(settings, devices_url)
    results += check_database(condition)
    results += [
        *check_parts(parts),
        check_late_gauges(late),
        *check_duties(duties, datetime.now(UTC)),
        *check_commands(waiting),
        *check_faults(faults),
    ]
    _print(results)
    if any(result.severity == "danger" for result in results):
        raise typer.Exit(1)


def _access(settings: DoctorSettings, devices_url: str | None) -> list[CheckResult]:
    """Try accounts, access rules and encryption at the broker, and at the listener for devices if it is named."""
    operator = ("rencheng-operator", settings.mqtt_operator_password.get_secret_value())
    ingest = ("rencheng-ingest", settings.mqtt_ingest_password.get_secret_value())
    address, tls = settings.mqtt_address, settings.mqtt_tls
    results = check_access(probe_access(address, tls=tls, ingest=ingest, operator=operator))
    log_file = settings.mqtt_password_file.with_name("mosquitto.log")  # of a broker of the local stack
    if log_file.exists():
        results.append(check_oversize(oversize_clients(log_file.read_text(errors="replace"))))
    for url in filter(None, (settings.mqtt_url, devices_url)):
        listener = settings.model_copy(update={"mqtt_url": url})
        address = listener.mqtt_address
        tls = listener.mqtt_tls if url.startswith("mqtts:") else None
        ends_at = certificate_end(address, tls) if tls else None
        results.append(check_encryption(ends_at, datetime.now(UTC), is_local=address[0] in LOOPBACK))
    if devices_url:
        results.append(check_binding(is_bound=binds_account(address, tls=tls, account=operator)))
    return results


def _print(results: list[CheckResult]) -> None:
    table = Table("check", "measured", "result")
    for result in results:
        table.add_row(result.about, result.found, _SEVERITY_TEXT[result.severity])
    console = Console()
    console.print(table)
    for result in results:
        if result.advice:
            console.print(f"[bold]{result.about}[/]: {result.advice}", highlight=False)
