"""Chaos in short: the same run as `make chaos`, with a few faults of each kind."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.chaos.fault_schedule import FaultPlan, ProcessFault, fault_schedule
from benchmarks.chaos.run import run_chaos
from rencheng.store.accounting.loss_audit import LossReport

plans = st.builds(FaultPlan, st.floats(1, 3600), *(st.integers(0, 40) for _ in range(4)))


@given(st.integers(0, 2**32), plans)
def test_the_same_seed_gives_the_same_faults_in_order_and_as_many_as_asked(seed: int, plan: FaultPlan) -> None:
    steps = fault_schedule(seed, plan)
    number = Counter(step.fault for step in steps)

    assert steps == fault_schedule(seed, plan)
    assert [step.at_s for step in steps] == sorted(step.at_s for step in steps)
    assert all(0 <= step.at_s <= plan.seconds for step in steps)
    assert number[ProcessFault.INGEST_KILLED] == plan.ingest_kills
    assert number[ProcessFault.DATABASE_FAST] + number[ProcessFault.DATABASE_IMMEDIATE] == plan.database_restarts
    assert (number[ProcessFault.BROKER_RESTARTED], number[ProcessFault.BROKER_KILLED]) == (
        plan.broker_restarts,
        plan.broker_kills,
    )
    assert [step.fault for step in steps if "writers" in step.fault] == [
        ProcessFault.HALF_THE_WRITERS,
        ProcessFault.ALL_THE_WRITERS,
    ]


@pytest.mark.slow
@pytest.mark.timeout(300)  # a dozen processes start, which takes its time beside other tests
def test_whatever_ends_under_load_no_key_is_lost_or_doubled_and_the_account_adds_up() -> None:
    plan = FaultPlan(3, ingest_kills=2, database_restarts=1, broker_restarts=1, writers=2)
    result = run_chaos(11, plan, per_s=600, report=lambda _: None)

    assert sum(result.faults.values()) == 6
    assert result.receivers_killed + result.writers_killed == 2
    assert result.unconfirmed == 0
    assert result.audit == LossReport(result.audit.keys, lost=0, unexpected=0, duplicated=0, not_quarantined=0)
    assert result.audit.keys == result.expected["stored"] == result.rows
    assert result.holds
    assert result.ended_in_order
