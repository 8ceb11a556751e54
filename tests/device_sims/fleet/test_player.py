"""A fleet on a real broker: every message arrives, the ledger tells of each, storms and restarts included."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from device_sims.errors import NoBrokerAccount, NotLoopback
from device_sims.fleet.connection_map import ConnectionMap, map_connections
from device_sims.fleet.ledger import Ledger, LedgerEntry, read_ledger
from device_sims.fleet.plan import FaultRates, FleetPart, FleetPlan
from device_sims.fleet.player import FleetResult, play
from device_sims.fleet.schedule import ExpectedResult, quarantine_key
from rencheng.domain.kind import Kind
from tests.conftest import Broker
from tests.support.mqtt_listener import Listener

PLAN = FleetPlan(
    3,
    datetime.now(UTC),
    (FleetPart(Kind.WATERLOGGING, 5, 50_000), FleetPart(Kind.CHARGING, 5, 50_000)),
    FaultRates(duplicate=0.05, bad_json=0.05, storm_every_s=0.3),
    regions=("370102",),
)


def played(broker: Broker, ledger_file: Path, *, seconds: float) -> tuple[FleetResult, list[LedgerEntry]]:
    """Each device on a connection of its own."""
    names = [member.device_id for member in PLAN.members()]
    broker.add_accounts(*names)
    with Ledger(ledger_file, PLAN.members()) as ledger:
        came_of_it = play(
            PLAN,
            map_connections(PLAN.members(), broker.passwords),
            ledger,
            address=broker.address,
            until=lambda fleet_s: fleet_s >= seconds,
        )
    return came_of_it, list(read_ledger(ledger_file))


def in_ledger(entries: list[LedgerEntry]) -> set[tuple[str, str]]:
    """(device, sample time) of each good message, and the digest of each bad one."""
    good = {(e.device_id, e.key.split(";")[0]) for e in entries if e.expect is not ExpectedResult.QUARANTINED}
    return good | {(e.device_id, e.key) for e in entries if e.expect is ExpectedResult.QUARANTINED}


def received(listener: Listener) -> set[tuple[str, str]]:
    """The same, of what the broker passed on."""
    members = {member.topic: member for member in PLAN.members()}
    return {
        (
            members[topic].device_id,
            json.loads(payload)["time"] if payload.endswith(b"}") else quarantine_key(members[topic], payload),
        )
        for topic, payload in list(listener.messages)
    }


def test_what_the_ledger_tells_is_what_the_broker_was_given_through_reconnect_storms(
    broker: Broker, listener: Listener, tmp_path: Path
) -> None:
    came_of_it, entries = played(broker, tmp_path / "ledger.csv", seconds=2)
    listener.wait_until(lambda: in_ledger(entries) <= received(listener))
    expected = Counter(entry.expect for entry in entries)

    assert in_ledger(entries) == received(listener)
    assert came_of_it.unconfirmed == 0
    assert came_of_it.connects > 2 * came_of_it.connections
    assert len(entries) == came_of_it.published >= 390
    assert all(entry.confirmed for entry in entries)
    assert min(expected[outcome] for outcome in ExpectedResult) > 0


def test_a_load_is_only_sent_to_this_machine(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.csv", []) as ledger, pytest.raises(NotLoopback):
        play(PLAN, ConnectionMap([], []), ledger, address=("192.0.2.1", 1883), until=lambda _: True)


def test_a_device_without_account_travels_by_its_gateway_and_one_with_neither_is_named() -> None:
    members = PLAN.members()
    passwords = {"fleet-g00000": "a", "rencheng-gateway-370102-waterlogging": "b"}
    crossbar = map_connections(members[:5], passwords, per_gateway=1)

    assert [crossbar.accounts[number].user for number in crossbar.connection_of] == [
        *passwords,
        *4 * [list(passwords)[1]],
    ][:5]
    with pytest.raises(NoBrokerAccount, match="fleet-p00000"):
        map_connections(members, passwords)
