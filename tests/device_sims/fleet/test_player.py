"""A fleet on a real broker: every message arrives, the ledger tells of each, storms and restarts included."""

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from device_sims.errors import NotEnrolled, NotLoopback
from device_sims.fleet.connection_map import Crossbar, connect_up
from device_sims.fleet.ledger import Entry, Ledger, read_ledger
from device_sims.fleet.plan import Faults, Part, Plan
from device_sims.fleet.player import Played, play
from device_sims.fleet.schedule import Expect, quarantine_key
from rencheng.domain.kind import Kind
from tests.conftest import Broker
from tests.device_sims.listener import Listener

PLAN = Plan(
    3,
    datetime.now(UTC),
    (Part(Kind.WATERLOGGING, 5, 50_000), Part(Kind.CHARGING, 5, 50_000)),
    Faults(duplicate=0.05, bad_json=0.05, storm_every_s=0.3),
    regions=("370102",),
)


def played(broker: Broker, ledger_file: Path, *, seconds: float) -> tuple[Played, list[Entry]]:
    """Each device on a connection of its own."""
    names = [member.device_id for member in PLAN.members()]
    broker.add_accounts(*names)
    with Ledger(ledger_file, PLAN.members()) as ledger:
        came_of_it = play(
            PLAN,
            connect_up(PLAN.members(), broker.passwords),
            ledger,
            address=broker.address,
            until=lambda fleet_s: fleet_s >= seconds,
        )
    return came_of_it, list(read_ledger(ledger_file))


def told(entries: list[Entry]) -> set[tuple[str, str]]:
    """(device, sample time) of each good message, and the digest of each bad one."""
    good = {(e.device_id, e.key.split(";")[0]) for e in entries if e.expect is not Expect.QUARANTINED}
    return good | {(e.device_id, e.key) for e in entries if e.expect is Expect.QUARANTINED}


def heard(listener: Listener) -> set[tuple[str, str]]:
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
    listener.wait_until(lambda: told(entries) <= heard(listener))
    expected = Counter(entry.expect for entry in entries)

    assert told(entries) == heard(listener)
    assert came_of_it.unconfirmed == 0
    assert came_of_it.connects > 2 * came_of_it.connections
    assert len(entries) == came_of_it.published >= 390
    assert all(entry.confirmed for entry in entries)
    assert min(expected[outcome] for outcome in Expect) > 0


def test_a_load_is_only_sent_to_this_machine(tmp_path: Path) -> None:
    with Ledger(tmp_path / "ledger.csv", []) as ledger, pytest.raises(NotLoopback):
        play(PLAN, Crossbar([], []), ledger, address=("192.0.2.1", 1883), until=lambda _: True)


def test_a_device_without_account_travels_by_its_gateway_and_one_with_neither_is_named() -> None:
    members = PLAN.members()
    passwords = {"fleet-g00000": "a", "rencheng-gateway-370102-waterlogging": "b"}
    crossbar = connect_up(members[:5], passwords, per_gateway=1)

    assert [crossbar.accounts[number].user for number in crossbar.line_of] == [*passwords, *4 * [list(passwords)[1]]][
        :5
    ]
    with pytest.raises(NotEnrolled, match="fleet-p00000"):
        connect_up(members, passwords)
