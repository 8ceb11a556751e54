"""Deliveries in a storm in short, and the judgement of what arrived."""

from dataclasses import replace

import pytest

from benchmarks.delivery.__main__ import DeliveryPlan, run_delivery
from benchmarks.delivery.arrivals import Arrivals, DeliveredMessage, judge
from benchmarks.delivery.city import Member

MEMBERS = {"s0": Member("s0", "webhook", frozenset({"a", "b"}), fails=False)}
DECIDED = {("a", 1): 1.0, ("a", 2): 2.0, ("b", 1): 3.0, ("b", 2): 4.0}
WHOLE = [DeliveredMessage(f"{site}{n}", site, n, at_s + 0.25) for (site, n), at_s in DECIDED.items()]


def faults(*arrived: DeliveredMessage) -> tuple[int, int, int, int]:
    found = judge(Arrivals({"s0": list(arrived)}), MEMBERS, DECIDED, 2)
    return found.missing, found.disordered, found.repeated, found.other_ids


def test_what_is_missing_out_of_order_or_repeated_is_counted() -> None:
    first, second, *others = WHOLE

    assert faults(*WHOLE) == (0, 0, 0, 0)
    assert faults(*WHOLE[1:]) == (1, 0, 0, 0)
    assert faults(second, first, *others) == (0, 1, 0, 0)
    assert faults(first, second, first, *others) == (0, 0, 1, 0)
    assert faults(*WHOLE, replace(first, message_id="another")) == (0, 0, 1, 1)


def test_a_late_message_to_a_healthy_subscriber_misses_the_bar() -> None:
    late = [*WHOLE[:-1], replace(WHOLE[-1], at_s=DECIDED["b", 2] + 1.1)]

    assert judge(Arrivals({"s0": WHOLE}), MEMBERS, DECIDED, 2).holds
    assert not judge(Arrivals({"s0": late}), MEMBERS, DECIDED, 2).holds


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.timeout(300)
def test_each_subscriber_gets_each_message_in_order_though_a_third_fails() -> None:
    outcome = run_delivery(DeliveryPlan(sites=40, subscribers=40, seconds=5, failing_s=15))

    assert (outcome.missing, outcome.disordered, outcome.other_ids) == (0, 0, 0)
    assert outcome.repeated > 0
    assert all(each.n for each in outcome.latency.values())
