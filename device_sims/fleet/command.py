"""`python -m device_sims fleet`: run a fleet from a seed against a broker on this machine."""

import json
import signal
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from device_sims.client import BrokerAddress
from device_sims.fleet.connection_map import map_connections
from device_sims.fleet.ledger import Ledger
from device_sims.fleet.plan import FaultRates, FleetPart, FleetPlan
from device_sims.fleet.player import FleetResult, play
from rencheng.domain.errors import RenchengError
from rencheng.domain.kind import Kind

Share = Annotated[float, typer.Option(min=0, max=1)]


def fleet(
    *,
    passwords: Annotated[Path, typer.Option(exists=True, dir_okay=False, help='JSON: {"account": "password"}')],
    ledger: Annotated[Path, typer.Option(dir_okay=False, help="CSV file to write: each message by key")],
    mqtt_url: Annotated[str, typer.Option(envvar="RENCHENG_MQTT_URL")] = "mqtt://127.0.0.1:1883",
    seed: Annotated[int, typer.Option(help="the same seed and start give the same bytes")] = 1,
    began_at: Annotated[datetime | None, typer.Option(help="UTC; sample time at second 0. Default: now")] = None,
    seconds: Annotated[float, typer.Option(min=0, help="duration; SIGTERM ends it earlier")] = 60,
    gauges: Annotated[int, typer.Option(min=0)] = 5_000,
    gauge_every_s: Annotated[float, typer.Option(min=0.001)] = 10,
    signals: Annotated[int, typer.Option(min=0)] = 10_000,
    signal_every_s: Annotated[float, typer.Option(min=0.001)] = 1,
    chargers: Annotated[int, typer.Option(min=0)] = 60_000,
    charger_every_s: Annotated[float, typer.Option(min=0.001)] = 10,
    per_gateway: Annotated[int, typer.Option(min=1, help="connections per gateway account")] = 4,
    prefix: Annotated[str, typer.Option(help="prefix of the devices' names")] = "fleet",
    duplicate: Share = 0.0,
    late: Share = 0.0,
    bad_json: Share = 0.0,
    wrong_unit: Share = 0.0,
    stuck: Share = 0.0,
    spiking: Share = 0.0,
    skewed: Share = 0.0,
    storm_every_s: Annotated[float | None, typer.Option(min=0.1, help="seconds between reconnect storms")] = None,
    storm_share: Share = 0.5,
) -> None:
    """Run a fleet at set rates, with faults, and write every published message to a ledger."""
    plan = FleetPlan(
        seed,
        began_at.replace(tzinfo=UTC) if began_at else datetime.now(UTC),
        (
            FleetPart(Kind.WATERLOGGING, gauges, round(1e6 * gauge_every_s)),
            FleetPart(Kind.SIGNAL, signals, round(1e6 * signal_every_s)),
            FleetPart(Kind.CHARGING, chargers, round(1e6 * charger_every_s)),
        ),
        FaultRates(duplicate, late, bad_json, wrong_unit, stuck, spiking, skewed, storm_every_s, storm_share),
        prefix=prefix,
    )
    try:
        result = _play(plan, passwords, ledger, mqtt_url, seconds=seconds, per_gateway=per_gateway)
    except (RenchengError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(1) from None
    sys.stdout.write(
        f"{result.published} messages published in {result.fleet_s:.1f} s of the fleet's time ({result.took_s:.1f} s), "
        f"{result.unconfirmed} not confirmed; {result.connections} connections, {result.connects} logins\n"
    )


def _play(
    plan: FleetPlan, passwords: Path, ledger_file: Path, url: str, *, seconds: float, per_gateway: int
) -> FleetResult:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    broker, members = BrokerAddress.parse(url), plan.members()
    connections = map_connections(members, json.loads(passwords.read_text()), per_gateway=per_gateway)

    def report(fleet_s: float, confirmed: int, waiting: int) -> None:
        sys.stderr.write(f"\r{fleet_s:6.0f} s  {confirmed} confirmed, {waiting} waiting ")

    with Ledger(ledger_file, members) as ledger:
        return play(
            plan,
            connections,
            ledger,
            address=("127.0.0.1" if broker.host == "localhost" else broker.host, broker.port),
            until=lambda fleet_s: stop.is_set() or fleet_s >= seconds,
            on_progress=report,
        )
