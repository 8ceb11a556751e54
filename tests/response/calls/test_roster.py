"""Who is on duty: one person for each rank, or an explicit gap, in any zone; overrides win."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.response.calls.roster import DutyReason, Handover, Roster, Shift, duty_for, first_overlap, gaps, on_duty
from rencheng.response.calls.rotation import rotation

START = datetime(2026, 7, 20, tzinfo=UTC)
HOUR = timedelta(hours=1)
ZONES = ("Asia/Shanghai", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "Africa/Casablanca")
shifts = st.lists(
    st.builds(
        lambda rank, person, begins, hours: Shift(rank, person, START + begins * HOUR, START + (begins + hours) * HOUR),
        st.integers(1, 3),
        st.sampled_from(["ann", "bo", "cy"]),
        st.integers(0, 48),
        st.integers(1, 24),
    ),
    max_size=8,
).map(tuple)
times = st.integers(0, 72 * 60).map(lambda minutes: START + timedelta(minutes=minutes))


@given(shifts, shifts, times)
def test_each_rank_has_one_person_or_a_gap_and_overrides_win(
    planned: tuple[Shift, ...], overrides: tuple[Shift, ...], at: datetime
) -> None:
    roster = Roster("r", "keeper", "370102", ranks=3, shifts=planned, overrides=overrides)
    found = on_duty(roster, at)

    assert [duty.rank for duty in found] == [1, 2, 3]
    for duty in found:
        replacing = [one.person_id for one in overrides if one.rank == duty.rank and one.includes(at)]
        regular = [one.person_id for one in planned if one.rank == duty.rank and one.includes(at)]
        if replacing:
            assert (duty.person_id, duty.reason) == (replacing[-1], DutyReason.OVERRIDE)
        else:
            assert duty.person_id in regular if regular else duty.person_id is None
            assert (duty.reason is DutyReason.GAP) == (not regular)
        called = duty_for([roster], "keeper", duty.rank, "370102", "U1", at)
        assert called == duty  # calls and screens ask the same


@given(shifts, shifts, times)
def test_a_gap_is_where_nobody_is_on_duty(
    planned: tuple[Shift, ...], overrides: tuple[Shift, ...], at: datetime
) -> None:
    roster = Roster("r", "keeper", "370102", ranks=3, shifts=planned, overrides=overrides)
    end = START + 73 * HOUR
    found = list(gaps(roster, START, end))

    for duty in on_duty(roster, at):
        inside = [gap for gap in found if gap.rank == duty.rank and gap.begins_at <= at < gap.ends_at]
        assert bool(inside) == (duty.person_id is None)


@given(
    st.sampled_from(ZONES),
    st.dates(date(2025, 1, 1), date(2027, 12, 31)),
    st.integers(0, 40),
    st.sets(st.integers(0, 23 * 60 + 59), min_size=1, max_size=4),
)
def test_a_rotation_has_no_gap_and_no_overlap_where_clocks_change(
    zone: str, first: date, days: int, minutes: set[int]
) -> None:
    changes = [time(minute // 60, minute % 60) for minute in minutes]
    made = rotation(["ann", "bo", "cy"], changes, first, first + timedelta(days=days), ZoneInfo(zone))

    assert all(earlier.ends_at == later.begins_at for earlier, later in pairwise(made))
    assert all(one.begins_at < one.ends_at for one in made)
    assert first_overlap(made) is None
    earliest = min(datetime.combine(first, change, ZoneInfo(zone)).astimezone(UTC) for change in changes)
    assert made[0].begins_at == earliest


def test_a_gap_on_a_sunday_morning_is_one_gap_at_city_time() -> None:
    zone = ZoneInfo("Asia/Shanghai")
    sunday = datetime(2026, 7, 26, 3, tzinfo=zone)
    planned = (
        Shift(1, "ann", datetime(2026, 7, 20, tzinfo=zone), sunday),
        Shift(1, "bo", sunday + HOUR, datetime(2026, 8, 1, tzinfo=zone)),
    )
    [gap] = gaps(Roster("r", "keeper", "370102", shifts=planned), START, START + timedelta(days=7))
    assert (gap.begins_at, gap.ends_at) == (sunday, sunday + HOUR)


@pytest.mark.parametrize(
    ("rosters", "person"),
    [
        (["city"], "city"),
        (["city", "district"], "district"),
        (["city", "district", "site"], "site"),
        (["district", "empty site"], "district"),
    ],
)
def test_the_nearest_roster_that_names_somebody_decides(rosters: list[str], person: str) -> None:
    def roster(name: str) -> Roster:
        always = (Shift(1, name, START, START + 100 * HOUR),)
        region = "370100" if name == "city" else "370102"
        site = "U1" if "site" in name else None
        return Roster(name, "keeper", region, site, shifts=() if "empty" in name else always)

    found = duty_for([roster(name) for name in rosters], "keeper", 1, "370102", "U1", START + HOUR)
    assert found.person_id == person
    assert duty_for([roster("site")], "keeper", 1, "370102", "U2", START + HOUR).reason is DutyReason.GAP


def test_both_are_on_duty_from_the_offer_of_a_handover_until_it_is_accepted() -> None:
    day = Shift(1, "ann", START, START + timedelta(hours=12))
    night = Shift(1, "bo", day.ends_at, day.ends_at + timedelta(hours=12))
    offered, accepted = day.ends_at - timedelta(minutes=10), day.ends_at + timedelta(minutes=20)
    roster = Roster(
        "k", "keeper", "370102", shifts=(day, night), handovers=(Handover(1, "ann", "bo", offered, accepted),)
    )

    def names(at: datetime) -> tuple[str | None, str | None]:
        [duty] = on_duty(roster, at)
        return duty.person_id, duty.leaving

    assert names(offered) == ("ann", None)
    assert names(day.ends_at) == ("bo", "ann")
    assert names(accepted) == ("bo", None)
    assert names(night.ends_at) == (None, None)
