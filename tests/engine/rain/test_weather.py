"""Which signals hold, and how ready they and the forecasts make a site."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.level import Level
from rencheng.domain.region import code_includes
from rencheng.domain.warning import MessageType
from rencheng.domain.weather import RainForecast, RainSignal, in_force
from rencheng.engine.rain.readiness import Readiness
from rencheng.engine.rain.weather import RainOutlook

NOON = datetime(2026, 7, 20, 12, tzinfo=UTC)
LIXIA = "370102"
HOUR = timedelta(hours=1)


def signal(name: str, level: Level = Level.ORANGE, minute: int = 0, *references: str, **more: object) -> RainSignal:
    sent = NOON + timedelta(minutes=minute)
    kind = MessageType.UPDATE if references else MessageType.ALERT
    usual = {"regions": ("370100",), "references": references}
    return RainSignal(name, "weather", kind, level, sent, sent, sent + 3 * HOUR, **usual | more)  # type: ignore[arg-type]


def cancel(name: str, minute: int, *references: str) -> RainSignal:
    return replace(signal(name, Level.ORANGE, minute, *references), message_type=MessageType.CANCEL)


def forecast(mm: float, hours: float = 1, *, issued_ago: float = 0, **more: object) -> RainForecast:
    usual = {"region": "370100", "source": "nowcast"}
    end = NOON + timedelta(hours=hours)
    return RainForecast(issued_at=NOON - issued_ago * HOUR, valid_from=NOON, valid_to=end, rain_mm=mm, **usual | more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("code", "region", "covered"),
    [
        ("370000", "370102", True),
        ("370100", "370102", True),
        ("370102", "370102", True),
        ("370200", "370102", False),
        ("370103", "370102", False),
        ("110000", "370102", False),
    ],
)
def test_a_province_and_a_city_take_in_their_districts(code: str, region: str, covered: bool) -> None:
    assert code_includes(code, region) is covered


@pytest.mark.parametrize(
    ("signals", "holds"),
    [
        ([signal("A")], ["A"]),
        ([signal("A"), signal("B", Level.RED, 10, "A")], ["B"]),
        # the national form: every later message names the first issue alone
        ([signal("A"), signal("B", Level.RED, 10, "A"), signal("C", Level.BLUE, 20, "A")], ["C"]),
        ([signal("A"), signal("B", Level.RED, 10, "A"), cancel("C", 20, "A")], []),
        ([signal("A"), signal("B", Level.RED, 10, "A"), cancel("C", 20, "B")], []),
        ([signal("A"), cancel("C", 20, "other")], ["A"]),
        ([signal("A"), signal("later", Level.RED, 31)], ["A"]),
        ([signal("A", minute=-181)], []),
        ([replace(signal("A"), effective_at=NOON + HOUR)], []),
        ([signal("B", Level.RED, 10, "lost")], ["B"]),
    ],
)
def test_which_signals_hold_after_half_an_hour(signals: list[RainSignal], holds: list[str]) -> None:
    assert [each.identifier for each in in_force(signals, NOON + HOUR / 2)] == holds


chains = st.lists(
    st.tuples(st.sampled_from(MessageType), st.sampled_from(Level), st.lists(st.sampled_from("ABCD"), max_size=2)),
    min_size=1,
    max_size=6,
)


@given(chains, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(
    chain: list[tuple[MessageType, Level, list[str]]], random: st.DataObject
) -> None:
    signals = [
        replace(signal("ABCDEF"[number], level, number, *references), message_type=kind)
        for number, (kind, level, references) in enumerate(chain)
    ]
    shuffled = list(signals)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert in_force(shuffled, NOON + HOUR) == in_force(signals, NOON + HOUR)


def test_the_gravest_signal_of_a_sites_region_makes_it_ready() -> None:
    rain = RainOutlook(
        (
            signal("city", Level.YELLOW),
            signal("district", Level.ORANGE, regions=(LIXIA,)),
            signal("elsewhere", Level.RED, regions=("370200",)),
            signal("drill", Level.RED, world="drill"),
        )
    )

    assert rain.readiness(LIXIA, "actual", NOON) == Readiness(Level.ORANGE, "rain signal district")
    assert rain.readiness("370104", "actual", NOON).level is Level.YELLOW
    assert rain.readiness(LIXIA, "drill", NOON).level is Level.RED
    assert rain.readiness("110101", "actual", NOON) == Readiness()


@pytest.mark.parametrize(
    ("forecasts", "level"),
    [
        ([forecast(49.9)], Level.NONE),
        ([forecast(50, hours=12)], Level.BLUE),
        ([forecast(50, hours=6)], Level.YELLOW),
        ([forecast(50, hours=3)], Level.ORANGE),
        ([forecast(100, hours=3)], Level.RED),
        ([forecast(100, hours=6)], Level.ORANGE),  # half of it within three hours
        ([forecast(60), forecast(60, source="other")], Level.ORANGE),  # two say the same thing, not twice as much
        ([forecast(120, issued_ago=2), forecast(5, issued_ago=1)], Level.NONE),
        ([forecast(120, issued_ago=13)], Level.NONE),
        ([forecast(120, region="370104")], Level.NONE),
        ([forecast(120, world="drill")], Level.NONE),
    ],
)
def test_a_forecast_makes_as_ready_as_the_signal_whose_criterion_it_meets(
    forecasts: list[RainForecast], level: Level
) -> None:
    ready = RainOutlook(forecasts=tuple(forecasts)).readiness(LIXIA, "actual", NOON)

    assert ready.level is level
    assert ready.source.startswith("forecast of") is (level is not Level.NONE)


def test_a_signal_is_named_before_a_forecast_that_says_the_same() -> None:
    rain = RainOutlook((signal("A", Level.ORANGE),), (forecast(60),))

    assert rain.readiness(LIXIA, "actual", NOON).source == "rain signal A"
