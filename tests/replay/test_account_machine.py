"""The account adds up after any sequence of messages, corrections, replays, registrations and drops."""

from datetime import timedelta
from typing import ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import Engine, text

from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.replay.attempt import Fix, IntakeLimits
from rencheng.replay.run import replay
from rencheng.store.registry.devices import retire
from rencheng.store.retention.quarantine import drop_old_entries
from tests.support.clock import ManualClock
from tests.support.replay import (
    LIMITS,
    NOON,
    REGION,
    TABLES,
    add_device,
    check_account,
    ingest,
    message,
    open_ids,
    sample,
)

DEVICES = st.sampled_from(["G1", "G2", "G3"])
ITEMS = st.sampled_from(
    [
        sample(1),
        sample(2),
        sample(3),
        sample(2, 9.0),
        sample(86_400 * 40),
        b'{"time": "soon"}',
        b'{"depth_cm": 4}',
        b"7",
    ]
)
PAYLOADS = ITEMS | st.lists(ITEMS, min_size=1, max_size=4).map(lambda items: b"[" + b",".join(items) + b"]")


class Account(RuleBasedStateMachine):
    """Operators and devices on one database."""

    database: ClassVar[Engine]

    def __init__(self) -> None:
        super().__init__()
        self.received = 0
        with self.database.begin() as connection:
            for table in TABLES:
                connection.execute(text(f"DELETE FROM {table}"))

    @rule(payloads=st.lists(st.tuples(DEVICES, PAYLOADS), min_size=1, max_size=4))
    def devices_send(self, payloads: list[tuple[str, bytes]]) -> None:
        self.received += ingest(self.database, *(message(payload, device) for device, payload in payloads))

    @rule(device=DEVICES)
    def somebody_registers(self, device: str) -> None:
        add_device(self.database, Device(device, Kind.WATERLOGGING, REGION))

    @rule(device=DEVICES)
    def somebody_retires(self, device: str) -> None:
        with self.database.begin() as connection:
            retire(connection, device)

    @rule(wide=st.booleans())
    def all_is_replayed(self, *, wide: bool) -> None:
        clock = LIMITS if not wide else type(LIMITS)(past=2 * LIMITS.past)
        ids = open_ids(self.database)
        replay(self.database, ids, limits=IntakeLimits(clock), actor="m", clock=ManualClock(NOON))
        replay(self.database, ids, limits=IntakeLimits(clock), actor="m", clock=ManualClock(NOON))

    @rule(which=st.integers(0, 9), payload=PAYLOADS, device=DEVICES | st.none())
    def one_is_mended(self, which: int, payload: bytes, device: str | None) -> None:
        if ids := open_ids(self.database):
            fix = Fix(topic=message(b"", device).topic if device else None, payload=payload)
            replay(
                self.database,
                [ids[which % len(ids)]],
                limits=IntakeLimits(LIMITS),
                actor="m",
                fix=fix,
                clock=ManualClock(NOON),
            )

    @rule(keep_bytes=st.integers(0, 4000))
    def the_oldest_is_dropped(self, keep_bytes: int) -> None:
        with self.database.begin() as connection:
            drop_old_entries(connection, NOON + timedelta(days=1), keep_bytes=keep_bytes, step=3)

    @invariant()
    def the_account_adds_up(self) -> None:
        check_account(self.database, self.received)


def test_the_account_adds_up_whatever_happens(database: Engine) -> None:
    Account.database = database
    run_state_machine_as_test(Account, settings=settings(max_examples=12, stateful_step_count=12, deadline=None))
