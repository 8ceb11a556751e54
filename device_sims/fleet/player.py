"""Runs a fleet against a broker: one thread, one connection per account, paced by the clock."""

import ipaddress
import selectors
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from device_sims.errors import NotLoopback
from device_sims.fleet.connection import FleetConnection
from device_sims.fleet.connection_map import ConnectionMap
from device_sims.fleet.ledger import Ledger
from device_sims.fleet.plan import FleetPlan
from device_sims.fleet.schedule import ScheduledMessage, reconnect_storms, scheduled_messages
from rencheng.messaging.mqtt import packets

AHEAD_MAX = 100_000
"""Maximum unconfirmed messages. The fleet's clock then waits, so that memory stays bounded while the broker is away."""

TICK_S = 0.005
DRAIN_S = 60.0


@dataclass(frozen=True, slots=True)
class FleetResult:
    """The result: messages, connections, accepted logins, and seconds of the fleet's own time."""

    published: int
    unconfirmed: int
    connections: int
    connects: int
    fleet_s: float
    took_s: float


def play(
    plan: FleetPlan,
    connections: ConnectionMap,
    ledger: Ledger,
    *,
    address: tuple[str, int],
    until: Callable[[float], bool],
    on_progress: Callable[[float, int, int], None] = lambda _s, _confirmed, _waiting: None,
) -> FleetResult:
    """Publish each message of the plan at its time until `until` holds, then wait for the confirmations.

    Args:
        plan: the fleet.
        connections: the connections, and the one of each device.
        ledger: the record of published messages.
        address: the broker's; it must be on this machine, because this is a load.
        until: takes the second of the fleet's time; True ends the run.
        on_progress: takes, once a second, the fleet's second, messages confirmed, and messages waiting.

    Raises:
        NotLoopback: the broker is on another machine.
    """
    if not ipaddress.ip_address(address[0]).is_loopback:
        raise NotLoopback(f"{address[0]} is not this machine; a fleet is a load and is only sent to 127.0.0.1 or ::1")
    lines = [FleetConnection(address, account) for account in connections.accounts]
    return _FleetPlayer(plan, lines, connections.connection_of, ledger, on_progress).play(until)


class _FleetPlayer:
    def __init__(
        self,
        plan: FleetPlan,
        lines: list[FleetConnection],
        line_of: Sequence[int],
        ledger: Ledger,
        on_progress: Callable[[float, int, int], None],
    ) -> None:
        self._plan, self._connections, self._ledger, self._on_progress = plan, lines, ledger, on_progress
        self._connection_of = [lines[number] for number in line_of]
        self._topics = [packets.length_prefixed(member.topic) for member in plan.members()]
        self._selector = selectors.DefaultSelector()
        self._sent = self._confirmed = 0
        self._busy = set(lines)

    def play(self, until: Callable[[float], bool]) -> FleetResult:
        fleet_s, began_s, reported_s = 0.0, time.monotonic(), 0.0
        coming, storm = scheduled_messages(self._plan), reconnect_storms(self._plan, len(self._connections))
        next_storm = next(storm, None)
        upcoming = next(coming)
        last_s = began_s
        while not until(fleet_s):
            now_s = time.monotonic()
            if self._sent - self._confirmed < AHEAD_MAX:
                fleet_s += now_s - last_s
            last_s = now_s
            upcoming = self._send_due(upcoming, coming, int(1e6 * fleet_s))
            while next_storm and next_storm[0] <= fleet_s:
                self._cut_connections(next_storm[1], now_s)
                next_storm = next(storm, None)
            self._exchange(now_s)
            if now_s > reported_s + 1:
                self._on_progress(fleet_s, self._confirmed, self._sent - self._confirmed)
                reported_s = now_s
        self._drain()
        return FleetResult(
            published=self._sent,
            unconfirmed=self._ledger.unconfirmed,
            connections=len(self._connections),
            connects=sum(line.connects for line in self._connections),
            fleet_s=fleet_s,
            took_s=time.monotonic() - began_s,
        )

    def _send_due(
        self, upcoming: ScheduledMessage, coming: Iterator[ScheduledMessage], now_us: int
    ) -> ScheduledMessage:
        line_of, topics, busy = self._connection_of, self._topics, self._busy
        while upcoming.due_us <= now_us:
            line = line_of[upcoming.device]
            line.enqueue(topics[upcoming.device], upcoming)
            busy.add(line)
            self._sent += 1
            upcoming = next(coming)
        return upcoming

    def _exchange(self, now_s: float) -> None:
        """Send what fits on each connection, and read what has come."""
        for line in list(self._busy):
            watched = line.socket
            line.send_pending(now_s)
            self._watch(line, watched)
            if not len(line) and line.disconnect_reason is None:
                self._busy.discard(line)
        if not self._selector.get_map():
            time.sleep(TICK_S)
            return
        time.sleep(TICK_S)  # so that what comes meanwhile is read together
        for key, _ in self._selector.select(0):
            line, watched = key.data, key.data.socket
            confirmed = line.read(now_s)
            self._confirmed += len(confirmed)
            self._ledger.record_confirmed(confirmed)
            self._watch(line, watched)
            if len(line) or line.socket is None:
                self._busy.add(line)

    def _watch(self, line: FleetConnection, before: socket.socket | None) -> None:
        """Register a connection's new socket with the selector in place of the old one."""
        if line.socket is before:
            return
        if before is not None:
            self._selector.unregister(before)  # it is closed already
        if line.socket is not None:
            self._selector.register(line.socket, selectors.EVENT_READ, line)

    def _cut_connections(self, which: Sequence[int], now_s: float) -> None:
        for line in (self._connections[number] for number in which):
            if (watched := line.socket) is not None:
                line.cut(now_s, why="a reconnect storm", retry=False)
                self._watch(line, watched)
                self._busy.add(line)

    def _drain(self) -> None:
        ends_s = time.monotonic() + DRAIN_S
        while self._sent > self._confirmed and time.monotonic() < ends_s:
            self._exchange(time.monotonic())
        for line in self._connections:
            self._ledger.record_unconfirmed(line.unconfirmed)
            line.close()
        self._selector.close()
