"""The attacks of `make adversary` are listed, judged and reported as they are."""

from dataclasses import replace

import pytest

from benchmarks.adversary.attack import AttackTally
from benchmarks.adversary.attacked_platform import LIMITS_MB
from benchmarks.adversary.floods import FloodReport
from benchmarks.adversary.health_looks import HealthReport
from benchmarks.adversary.report import AdversaryReport, ProcessReport, table
from benchmarks.adversary.run import ATTACKERS
from rencheng.store.accounting.loss_audit import LossReport
from tests.support.compose_file import read, variables

GAUGE = "probe-000"

HOLDS = AdversaryReport(
    seed=1,
    seconds=60.0,
    attacks={"nobody": {"guess_keys": AttackTally(times=1, tried=200, refused=200)}},
    floods=FloodReport({(GAUGE, 270.0): 100.0}, [(GAUGE, 270.0, "red", 101.5)]),
    health=HealthReport(looks=60, slowest_s=0.1),
    processes=(ProcessReport("ingest", 200.0, 1024.0, 0),),
    audit=LossReport(keys=1000, lost=0, unexpected=0, duplicated=0, not_quarantined=0),
    adds_up=True,
)


def test_a_city_that_goes_on_holds() -> None:
    assert HOLDS.holds
    assert "holds        yes" in table(HOLDS)


@pytest.mark.parametrize(
    "changed",
    [
        {"attacks": {"nobody": {"guess_keys": AttackTally(1, 200, 199, ["a wrong key is accepted"])}}},
        {"floods": FloodReport()},
        {"floods": FloodReport({(GAUGE, 270.0): 100.0}, [(GAUGE, 270.0, "red", 105.5)])},
        {"floods": FloodReport({(GAUGE, 270.0): 100.0}, [(GAUGE, 270.0, "orange", 100.5)])},
        {"floods": replace(HOLDS.floods, forged=["rencheng/v1/notice/no_data/x"])},
        {"health": HealthReport(looks=60, not_ok=[(5.0, "ReadTimeout")])},
        {"processes": (ProcessReport("ingest", 1100.0, 1024.0, 1),)},
        {"audit": replace(HOLDS.audit, lost=1)},
        {"audit": replace(HOLDS.audit, duplicated=1)},
        {"audit": replace(HOLDS.audit, not_quarantined=1)},
        {"adds_up": False},
    ],
)
def test_each_bar_can_fail(changed: dict[str, object]) -> None:
    report = replace(HOLDS, **changed)  # type: ignore[arg-type]
    assert not report.holds
    assert "holds        no" in table(report)


def test_every_attack_has_a_name_of_its_own() -> None:
    names = [attack.__name__ for attacks in ATTACKERS.values() for attack in attacks]
    assert len(names) == len(set(names))


def test_the_memory_limits_are_those_of_compose() -> None:
    services = read()["services"]
    for name, container in {"mosquitto": "mosquitto", "ingest": "ingest-0", "alerts": "alerts", "api": "api"}.items():
        limit = services[container]["mem_limit"]
        assert LIMITS_MB[name] == _megabytes(next(iter(variables(limit).values()), None) or limit), name


def _megabytes(limit: str) -> int:
    return int(limit[:-1]) * {"g": 1024, "m": 1}[limit[-1]]
