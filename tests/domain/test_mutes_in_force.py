"""When a silence or a maintenance window holds."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from rencheng.domain.level import Level
from rencheng.domain.mute import Maintenance, MuteScope, Silence
from rencheng.domain.place import CITY_ZONE
from tests.alerts.suppression.city import at, place


def beijing(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 7, day, hour, minute, tzinfo=CITY_ZONE).astimezone(UTC)


def maintenance(**changed: object) -> Maintenance:
    usual = {
        "name": "m1",
        "scope": MuteScope(site_id="A"),
        "up_to": Level.RED,
        "weekdays": frozenset({0, 2}),
        "begins": time(22, 30),
        "lasts": timedelta(hours=3),
        "first": date(2026, 7, 6),
        "last": date(2026, 7, 22),
        "reason": "pump test",
    }
    return Maintenance(**usual | changed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("moment", "holds"),
    [
        (beijing(20, 22, 29), False),  # Monday
        (beijing(20, 22, 30), True),
        (beijing(21, 1, 29), True),  # over midnight
        (beijing(21, 1, 30), False),
        (beijing(21, 23), False),  # Tuesday
        (beijing(22, 23), True),
        (beijing(27, 23), False),  # after its last day
        (beijing(1, 23), False),  # before its first
        (beijing(6, 23), True),
    ],
)
def test_a_window_comes_round_every_week_on_the_citys_clocks(moment: datetime, holds: bool) -> None:
    assert maintenance().is_active(moment) is holds


def test_a_window_may_last_for_days() -> None:
    long = maintenance(lasts=timedelta(days=2), weekdays=frozenset({0}), last=None)

    assert [long.is_active(beijing(day, 22)) for day in (20, 21, 22, 23)] == [False, True, True, False]


def test_a_silence_holds_from_its_begin_until_before_its_end_and_reminds_in_its_last_quarter_of_an_hour() -> None:
    silence = Silence("s1", MuteScope(site_id="A"), Level.BLUE, at(0), at(60), "x")

    assert [silence.is_active(at(minute)) for minute in (-1, 0, 59, 60)] == [False, True, True, False]
    assert [silence.is_ending(at(minute)) for minute in (44, 45, 59, 60)] == [False, True, True, False]


def test_a_scope_names_one_thing() -> None:
    for wrong in ({}, {"site_id": "A", "region": "370102"}):
        with pytest.raises(ValueError, match="name one of"):
            MuteScope(**wrong)

    assert MuteScope(region="370000").includes(place("A"))
    assert not MuteScope("drill", region="370000").includes(place("A"))
