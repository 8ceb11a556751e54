"""The run: start the platform, attack it from several processes, stop, audit by key."""

import shutil
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from benchmarks.adversary.attack import Attack, AttackTally, AttackTarget, run_attacks
from benchmarks.adversary.attacked_platform import ATTACKER, AttackedPlatform, log_files, start_platform
from benchmarks.adversary.attacks import device, keys, nobody
from benchmarks.adversary.floods import FloodSender, flood_gauges, flood_sites
from benchmarks.adversary.health_looks import HealthLooks
from benchmarks.adversary.report import AdversaryReport, ProcessReport
from benchmarks.load.sender_process import SenderProcess
from benchmarks.throughput.fleet import REGION
from device_sims.fleet.ledger import read_ledger
from device_sims.fleet.schedule import ExpectedResult
from rencheng.domain.device import ACTUAL
from rencheng.store.accounting.counts import stored_rows, totals
from rencheng.store.accounting.loss_audit import LossReport, PublishedReading, audit_keys
from rencheng.store.core.database import open_database

SETTLE_S, QUIET_S = 120.0, 4.0
END_S = 60.0
ATTACKERS: dict[str, Sequence[Attack]] = {
    "a device's account": device.ATTACKS,
    "nobody": nobody.ATTACKS,
    "API keys": keys.ATTACKS,
}


def run_adversary(
    seed: int, seconds: float, *, per_s: float, floods: int, progress: Callable[[str], None], logs: Path | None = None
) -> AdversaryReport:
    """Run everything on servers of its own.

    Args:
        seed: decides the attacks.
        seconds: how long the attacks last.
        per_s: readings per second of the fleet.
        floods: number of gauges that may flood.
        progress: takes one line after each step.
        logs: a folder that keeps the services' logs.
    """
    with start_platform(seed, per_s, floods) as platform:
        progress("the platform runs; the fleet publishes, the attacks begin")
        health = HealthLooks(platform.api)
        with platform.servers.load() as fleet:
            health.start()
            senders = _start_attackers(_target(platform, floods), seed, seconds)
            flooding = FloodSender(platform.broker, platform.servers.passwords, flood_gauges(floods)).run(seconds)
            attacks = {name: sender.result(within_s=END_S) for name, sender in senders.items()}
            looks = health.stop()
            progress("the attacks are over; waiting until everything is settled")
            fleet.send_signal(signal.SIGTERM)
            fleet.wait(END_S)
        audit, adds_up = _audit(platform)
        processes = [
            ProcessReport(one.name, one.limit.peak_mb, one.limit.limit_mb, one.restarts) for one in platform.supervised
        ]
        if logs is not None:
            logs.mkdir(parents=True, exist_ok=True)
            for file in [*log_files(platform.servers.folder), platform.servers.broker.log_file]:
                shutil.copy(file, logs)
    return AdversaryReport(seed, seconds, attacks, flooding, looks, processes, audit, adds_up=adds_up)


def _target(platform: AttackedPlatform, floods: int) -> AttackTarget:
    return AttackTarget(
        platform.broker,
        platform.api,
        ATTACKER,
        platform.servers.passwords[ATTACKER],
        REGION,
        (*[member.device_id for member in platform.servers.plan.members()], *flood_gauges(floods)),
        [site.site_id for site in flood_sites(floods)],
        platform.keys,
    )


def _start_attackers(
    target: AttackTarget, seed: int, seconds: float
) -> dict[str, SenderProcess[dict[str, AttackTally]]]:
    senders = {}
    for place, (name, attacks) in enumerate(ATTACKERS.items()):
        senders[name] = SenderProcess[dict[str, AttackTally]](
            run_attacks, target, attacks, seed=1000 * seed + place, seconds=seconds
        )
        senders[name].start()
    return senders


def _audit(platform: AttackedPlatform) -> tuple[LossReport, bool]:
    """Wait until every reading of the fleet is settled, for two minutes at most; compare published and stored keys."""
    engine = open_database(platform.servers.database_url, name="adversary")
    try:
        until_s = time.monotonic() + SETTLE_S
        while True:
            time.sleep(QUIET_S)
            with engine.connect() as connection:
                found = audit_keys(connection, _published(platform))
            if not (found.lost or found.not_quarantined) or time.monotonic() > until_s:
                break
        time.sleep(QUIET_S)
        with engine.connect() as connection:
            counted, rows = totals(connection, ACTUAL).stored, stored_rows(connection, ACTUAL)
        return found, counted == rows
    finally:
        with suppress(Exception):
            engine.dispose()


def _published(platform: AttackedPlatform) -> Iterator[PublishedReading]:
    for entry in read_ledger(platform.servers.ledger):
        quarantined = entry.expect is ExpectedResult.QUARANTINED
        yield PublishedReading(
            entry.kind, entry.device_id, entry.key, quarantined=quarantined, acknowledged=entry.confirmed
        )
