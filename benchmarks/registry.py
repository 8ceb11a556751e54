"""`make registry`: a registry of 75,000 devices: the cost of import, cache refresh and replay."""

import socket
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from benchmarks.throughput.servers import Servers, start_servers
from rencheng.devices.registration import RegistrationResult, register_forms
from rencheng.domain.errors import RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.reading import WaterReading
from rencheng.messaging.mqtt.accounts import write_password_file
from rencheng.messaging.mqtt.packets import connect_packet
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
LOOKUPS = 10_000
BATCH = 500
NOTIFY_S = 0.2

T = TypeVar("T")


def main() -> None:
    """Import devices, refresh the cache, replay messages, and print the figures."""
    with start_servers([]) as benchmark_servers:
        engine = open_database(benchmark_servers.database_url, name="registry benchmark")
        create_staging_on_connect(engine)
        _fill_and_follow(engine)
        _log_in(benchmark_servers, engine)
        _replay(engine)
        engine.dispose()


def _fill_and_follow(engine: Engine) -> None:
    first, rest = _csv(0, FIRST), _csv(FIRST, ALL)
    _, new_s = _timed(lambda: _import(engine, first))
    _, again_s = _timed(lambda: _import(engine, first))
    _print(f"import of {FIRST:,} devices from CSV", f"{new_s:.2f} s; the same file again {again_s:.2f} s")
    _import(engine, rest)
    whole = RegistryCache(engine, load_directory)
    part = RegistryCache(engine, load_directory, refresh=refresh_directory)
    for watched in (whole, part):
        watched.current()
    _, lookup_s = _timed(lambda: [part.current() for _ in range(LOOKUPS)])
    _print("one cache lookup without changes", f"{lookup_s / LOOKUPS * 1e6:.1f} us, no query")
    _import(engine, _csv(0, 1, name="another"))
    time.sleep(NOTIFY_S)
    (_, part_s), (_, whole_s) = _timed(part.current), _timed(whole.current)
    ratio = f"{whole_s / part_s:.0f} times"
    _print(f"one change among {ALL:,}", f"{part_s * 1e3:.1f} ms; loading all takes {whole_s:.2f} s, {ratio} as long")
    for watched in (whole, part):
        watched.close()


def _log_in(benchmark_servers: Servers, engine: Engine) -> None:
    """Measure how soon a new device can log in."""
    [password] = _import(engine, _csv(ALL, ALL + 1)).passwords.values()
    with benchmark_servers.broker() as broker:
        began = time.perf_counter()
        with engine.connect() as connection:
            write_password_file(broker.password_file, password_hashes(connection))
        broker.reload()
        written_s = time.perf_counter() - began
        while not _can_log_in(broker.port, f"charger-{ALL:05}", password):
            time.sleep(0.01)
        _print(
            f"{ALL + 1:,} broker accounts",
            f"written in {written_s:.2f} s; the new device can log in after {time.perf_counter() - began:.2f} s",
        )


def _replay(engine: Engine) -> None:
    now = datetime.now(UTC)
    times = [now - timedelta(seconds=number) for number in range(ENTRIES)]
    rejected = [
        QuarantineRecord(
            f"rencheng/v1/{REGION}/waterlogging/unregistered/telemetry",
            b'{"time": "%s", "depth_mm": 5}' % moment.isoformat().encode(),
            -1,
            RejectionReason.UNKNOWN_DEVICE,
            "not registered",
            "unregistered",
            "actual",
            now,
        )
        for moment in times
    ]
    quarantined_s = _in_batches(engine, rejected, add_to_quarantine)
    arrivals = [ReceivedReading(WaterReading("plain", 0, moment, 5.0), now) for moment in times]
    plain_s = _in_batches(engine, arrivals, write)
    _import(engine, b"device_id,kind,region\nunregistered,waterlogging,%s\n" % REGION.encode())
    done, replayed_s = _timed(lambda: _replay_all(engine))
    twice, twice_s = _timed(lambda: _replay_all(engine))
    if (done.counts.stored, twice.entries) != (ENTRIES, 0):
        sys.exit(f"the replay does not add up: {done}, then {twice}")
    _print(f"{ENTRIES:,} messages into quarantine", f"{ENTRIES / quarantined_s:,.0f} per second")
    ratio = f"{plain_s / replayed_s:.2f} of the rate of writing alone in batches of {BATCH}"
    _print(
        "the same replayed and stored",
        f"{ENTRIES / replayed_s:,.0f} per second, {ratio}; repeated: {twice_s * 1e3:.0f} ms",
    )


def _replay_all(engine: Engine) -> ReplaySummary:
    filters = QuarantineFilters(reason=RejectionReason.UNKNOWN_DEVICE)
    return sum(replay_parts(engine, filters, limits=IntakeLimits(), actor="benchmark"), ReplaySummary())


def _import(engine: Engine, data: bytes) -> RegistrationResult:
    forms = read_devices(data, "list.csv")
    with engine.begin() as connection:
        return register_forms(connection, forms, actor="benchmark")


def _in_batches(engine: Engine, items: Sequence[T], work: Callable[[Connection, Sequence[T]], object]) -> float:
    """Return the seconds for all batches, each in a transaction of its own."""
    began = time.perf_counter()
    for begin in range(0, len(items), BATCH):
        with engine.begin() as connection:
            work(connection, items[begin : begin + BATCH])
    return time.perf_counter() - began


def _csv(begin: int, end: int, *, name: str = "充电桩") -> bytes:
    def lines() -> Iterator[str]:
        yield "device_id,kind,region,name"
        for number in range(begin, end):
            yield f"charger-{number:05},{Kind.CHARGING},{REGION},{name}"

    return "\n".join(lines()).encode()


def _can_log_in(port: int, user: str, password: str) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(connect_packet(user, user, password))
        return connection.recv(4)[-1:] == b"\0"


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def _print(title: str, figures: str) -> None:
    sys.stdout.write(f"{title:45} {figures}\n")


if __name__ == "__main__":
    main()
