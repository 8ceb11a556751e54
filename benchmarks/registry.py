"""`make registry`: a province's register of 75,000 devices: what it costs to fill, to follow and to replay."""

import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from benchmarks.throughput.fleet import connect_packet
from benchmarks.throughput.servers import Servers, servers
from rencheng.devices.registration import RegistrationResult, register_forms
from rencheng.domain.errors import RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.reading import WaterReading
from rencheng.messaging.mqtt.accounts import write_password_file
from rencheng.replay.attempt import IntakeLimits
from rencheng.replay.run import ReplaySummary, replay_parts
from rencheng.schemas.device import read_devices
from rencheng.store.core.database import Connection, Engine, open_database
from rencheng.store.quarantine.log import QuarantineFilters
from rencheng.store.quarantine.record import QuarantineRecord, add_to_quarantine
from rencheng.store.readings.merge import ReceivedReading, create_staging_on_connect, write
from rencheng.store.registry.cache import RegistryCache
from rencheng.store.registry.devices import load_directory, password_hashes, refresh_directory

REGION = "370102"
FIRST, ALL = 10_000, 75_000
ENTRIES = 20_000
LOOKS = 10_000
BATCH = 500
NEWS_S = 0.2

T = TypeVar("T")


def main() -> None:
    """Fill a register, follow it, replay into it, and tell."""
    with servers([]) as ours:
        engine = open_database(ours.database_url, name="registry benchmark")
        create_staging_on_connect(engine)
        _fill_and_follow(engine)
        _log_in(ours, engine)
        _replay(engine)
        engine.dispose()


def _fill_and_follow(engine: Engine) -> None:
    first, rest = _csv(0, FIRST), _csv(FIRST, ALL)
    _, new_s = _timed(lambda: _import(engine, first))
    _, again_s = _timed(lambda: _import(engine, first))
    _say(f"import of {FIRST:,} devices from CSV", f"{new_s:.2f} s; the same file again {again_s:.2f} s")
    _import(engine, rest)
    whole = RegistryCache(engine, load_directory)
    part = RegistryCache(engine, load_directory, refresh=refresh_directory)
    for watched in (whole, part):
        watched.current()
    _, look_s = _timed(lambda: [part.current() for _ in range(LOOKS)])
    _say("a look at the register without news", f"{look_s / LOOKS * 1e6:.1f} us, no query")
    _import(engine, _csv(0, 1, name="another"))
    time.sleep(NEWS_S)
    (_, part_s), (_, whole_s) = _timed(part.current), _timed(whole.current)
    ratio = f"{whole_s / part_s:.0f} times"
    _say(f"one change among {ALL:,}", f"{part_s * 1e3:.1f} ms; loading all of them {whole_s:.2f} s, {ratio} that")
    for watched in (whole, part):
        watched.close()


def _log_in(ours: Servers, engine: Engine) -> None:
    """How long after the register a new device can log in."""
    [password] = _import(engine, _csv(ALL, ALL + 1)).passwords.values()
    with ours.broker() as broker:
        began = time.perf_counter()
        with engine.connect() as connection:
            write_password_file(broker.password_file, password_hashes(connection))
        broker.reload()
        written_s = time.perf_counter() - began
        while not _is_let_in(broker.port, f"pile-{ALL:05}", password):
            time.sleep(0.01)
        _say(
            f"broker's accounts, {ALL + 1:,} of them",
            f"written in {written_s:.2f} s; the new device is let in {time.perf_counter() - began:.2f} s after",
        )


def _replay(engine: Engine) -> None:
    now = datetime.now(UTC)
    times = [now - timedelta(seconds=number) for number in range(ENTRIES)]
    refused = [
        QuarantineRecord(
            f"rencheng/v1/{REGION}/waterlogging/stranger/telemetry",
            b'{"time": "%s", "depth_mm": 5}' % moment.isoformat().encode(),
            -1,
            RejectionReason.UNKNOWN_DEVICE,
            "nobody",
            "stranger",
            "actual",
            now,
        )
        for moment in times
    ]
    buried_s = _in_batches(engine, refused, add_to_quarantine)
    arrivals = [ReceivedReading(WaterReading("plain", 0, moment, 5.0), now) for moment in times]
    plain_s = _in_batches(engine, arrivals, write)
    _import(engine, b"device_id,kind,region\nstranger,waterlogging,%s\n" % REGION.encode())
    done, replayed_s = _timed(lambda: _replay_all(engine))
    twice, twice_s = _timed(lambda: _replay_all(engine))
    if (done.counts.stored, twice.entries) != (ENTRIES, 0):
        sys.exit(f"the replay does not add up: {done}, then {twice}")
    _say(f"{ENTRIES:,} messages into quarantine", f"{ENTRIES / buried_s:,.0f} a second")
    share = f"{plain_s / replayed_s:.2f} of what writing alone does in batches of {BATCH}"
    _say(
        "the same replayed and stored", f"{ENTRIES / replayed_s:,.0f} a second, {share}; again: {twice_s * 1e3:.0f} ms"
    )


def _replay_all(engine: Engine) -> ReplaySummary:
    filters = QuarantineFilters(reason=RejectionReason.UNKNOWN_DEVICE)
    return sum(replay_parts(engine, filters, limits=IntakeLimits(), actor="benchmark"), ReplaySummary())


def _import(engine: Engine, data: bytes) -> RegistrationResult:
    forms = read_devices(data, "list.csv")
    with engine.begin() as connection:
        return register_forms(connection, forms, actor="benchmark")


def _in_batches(engine: Engine, items: Sequence[T], work: Callable[[Connection, Sequence[T]], object]) -> float:
    """Seconds for all of it, each batch in a transaction of its own."""
    began = time.perf_counter()
    for begin in range(0, len(items), BATCH):
        with engine.begin() as connection:
            work(connection, items[begin : begin + BATCH])
    return time.perf_counter() - began


def _csv(begin: int, end: int, *, name: str = "充电桩") -> bytes:
    def lines() -> Iterator[str]:
        yield "device_id,kind,region,name"
        for number in range(begin, end):
            yield f"pile-{number:05},{Kind.CHARGING},{REGION},{name}"

    return "\n".join(lines()).encode()


def _is_let_in(port: int, user: str, password: str) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
        line.sendall(connect_packet(user, password))
        return line.recv(4)[-1:] == b"\0"


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def _say(what: str, how: str) -> None:
    sys.stdout.write(f"{what:45} {how}\n")


if __name__ == "__main__":
    main()
