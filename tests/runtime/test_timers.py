from rencheng.runtime.timers import Backoff, Every, poll
from tests.support.clock import ManualClock


def test_a_timer_is_due_at_once_and_then_once_per_interval() -> None:
    clock = ManualClock()
    timer = Every(10, clock)

    assert [timer.take(), timer.take()] == [True, False]
    clock.advance(9.9)
    assert not timer.take()
    clock.advance(0.1)
    assert [timer.take(), timer.take()] == [True, False]


def test_a_timer_can_wait_one_interval_first() -> None:
    clock = ManualClock()
    timer = Every(10, clock, at_once=False)

    assert not timer.is_due()
    clock.advance(10)
    assert timer.is_due()


def test_a_wait_doubles_with_each_failure_up_to_its_maximum_and_ends_with_a_success() -> None:
    clock = ManualClock()
    backoff = Backoff(first_s=1, max_s=3, clock=clock)
    assert backoff.may_try()
    for wait_s in (1, 2, 3, 3):
        backoff.record_failure()
        clock.advance(wait_s - 0.1)
        assert not backoff.may_try()
        clock.advance(0.1)
        assert backoff.may_try()
    backoff.record_failure()
    backoff.record_success()

    assert backoff.may_try()
    backoff.record_failure()
    clock.advance(1)
    assert backoff.may_try()


def test_poll_returns_the_first_result() -> None:
    clock = ManualClock()
    results = iter([None, None, "done"])

    assert poll(lambda: next(results), every_s=1, within_s=10, clock=clock, sleep=clock.advance) == "done"
    assert clock.monotonic_s() == 2


def test_poll_gives_up_after_its_time() -> None:
    clock = ManualClock()
    calls: list[float] = []

    assert (
        poll(lambda: calls.append(clock.monotonic_s()), every_s=2, within_s=5, clock=clock, sleep=clock.advance) is None
    )
    assert calls == [0, 2, 4, 6]


def test_poll_checks_once_without_time() -> None:
    assert poll(lambda: 1, every_s=1, within_s=0) == 1
