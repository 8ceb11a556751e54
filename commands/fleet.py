"""`rencheng fleet`: register a simulated fleet, and audit its messages."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from commands.broker import update_broker_accounts
from commands.database_access import open_engine, operator, transaction
from device_sims.fleet.ledger import read_ledger
from device_sims.fleet.plan import FleetPart, members_of
from device_sims.fleet.schedule import ExpectedResult
from rencheng.devices.registration import register_gateway_account
from rencheng.domain.device import Device
from rencheng.domain.gateway import Gateway
from rencheng.domain.kind import Kind
from rencheng.store.access import audit as audit_log
from rencheng.store.accounting.loss_audit import PublishedReading, audit_keys
from rencheng.store.registry.devices import ensure_region, register

app = typer.Typer(help="A simulated fleet for load tests: register it, audit its messages.", no_args_is_help=True)


@app.command("register")
def register_(
    *,
    out: Annotated[
        Path, typer.Option(dir_okay=False, help='JSON file to write: {"account": "password"} of its gateways.')
    ],
    gauges: Annotated[int, typer.Option(min=0)] = 5_000,
    signals: Annotated[int, typer.Option(min=0)] = 10_000,
    chargers: Annotated[int, typer.Option(min=0)] = 60_000,
    prefix: Annotated[str, typer.Option(help="Prefix of the devices' names.")] = "fleet",
) -> None:
    """Register the devices of `python -m device_sims fleet`, and one gateway for each kind and region."""
    parts = (
        FleetPart(Kind.WATERLOGGING, gauges, 1),
        FleetPart(Kind.SIGNAL, signals, 1),
        FleetPart(Kind.CHARGING, chargers, 1),
    )
    members = members_of(parts, prefix=prefix)
    passwords = {}
    with open_engine() as engine:
        with engine.begin() as connection:
            for region in sorted({member.region for member in members}):
                ensure_region(connection, region)
            register(connection, [(Device(m.device_id, m.kind, m.region), None) for m in members])
            audit_log.record(connection, operator(), "device.import", "devices", {"fleet": prefix, "new": len(members)})
        for region, kind in sorted({(member.region, member.kind) for member in members}):
            gateway = Gateway(region, kind)
            passwords[gateway.account] = register_gateway_account(engine, gateway, actor=operator())
        update_broker_accounts(engine)
    with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(passwords, file, indent=1)
    typer.echo(f"{len(members)} devices, {len(passwords)} gateways")


@app.command()
def audit(ledger: Annotated[Path, typer.Argument(exists=True, dir_okay=False)]) -> None:
    """Look up every key of a ledger in the database. Exit status 1 if one is lost, duplicated or unexpected."""
    published = (
        PublishedReading(
            one.kind,
            one.device_id,
            one.key,
            quarantined=one.expect is ExpectedResult.QUARANTINED,
            acknowledged=one.confirmed,
        )
        for one in read_ledger(ledger)
    )
    with transaction() as connection:
        report = audit_keys(connection, published)
    for name, number in asdict(report).items():
        typer.echo(f"{name:16} {number}")
    if report.lost or report.unexpected or report.duplicated or report.not_quarantined:
        raise typer.Exit(1)
