"""What signals and chargers show is weighed with a depth that jumps: for water everywhere, against it on a street."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rencheng.domain.evidence import CONTRADICTING, Evidence, EvidenceKind
from rencheng.domain.level import Level
from rencheng.domain.site import SiteType, default_profile
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.nearby.evidence import COUNTED_WITHIN_S, Corroboration
from tests.support.evaluation import messages_of
from tests.support.gauge_play import at, reading, site

CORROBORATING = [kind for kind in EvidenceKind if kind not in CONTRADICTING]


def shown(*found: tuple[EvidenceKind, float]) -> Corroboration:
    """Return the evidence that began at these minutes."""
    every = tuple(Evidence(kind, kind.value, at(minute)) for kind, minute in found)
    contradicts = tuple(one for one in every if one.kind in CONTRADICTING)
    return Corroboration(tuple(one for one in every if one not in contradicts), contradicts)


def warned_after(
    depths_mm: Sequence[float], nearby: Corroboration, site_type: SiteType = SiteType.ROAD, step_min: float = 1.0
) -> dict[Level, float]:
    """Return after how many minutes each level is first warned of, with one evidence around from the beginning."""

    def evidence(_site_id: str, _at: datetime) -> Corroboration:
        return nearby

    evaluator = Evaluator(evidence=evidence)
    place = replace(site(by=default_profile(site_type)), site_type=site_type)
    evaluator.set_sites({place.site_id: place})
    found: dict[Level, float] = {}
    for index, mm in enumerate(depths_mm):
        for message in messages_of(evaluator, reading(index * step_min, mm), at(index * step_min)):
            found.setdefault(message.level, index * step_min)
    return found


STANDS_MM = [*[0.0] * 6, *[450.0] * 15]
JAM = (EvidenceKind.TRAFFIC_STANDS, 5)
FAULT = (EvidenceKind.GROUND_FAULT, 5)


@pytest.mark.parametrize(
    ("nearby", "minute"),
    [
        ((), None),
        ((JAM,), None),  # what parks under a gauge may also stop the cars
        ((JAM, (EvidenceKind.SIGNAL_FLASHES, 4)), None),  # one signal
        ((JAM, FAULT), 8.0),
        (((EvidenceKind.TRAFFIC_STANDS, -26), FAULT), None),  # a jam for half an hour before
        (((EvidenceKind.TRAFFIC_STANDS, -24), FAULT), 8.0),
    ],
)
def test_a_depth_that_stands_on_a_street_is_water_if_signals_and_chargers_show_it(
    nearby: tuple[tuple[EvidenceKind, float], ...], minute: float | None
) -> None:
    assert warned_after(STANDS_MM, shown(*nearby)).get(Level.RED) == minute


@pytest.mark.parametrize(("flows", "minute"), [(False, 70.0), (True, None)])
def test_while_vehicles_drive_through_as_usual_a_street_is_doubtful(*, flows: bool, minute: float | None) -> None:
    nearby = shown((EvidenceKind.TRAFFIC_FLOWS, -60)) if flows else shown()

    assert warned_after([*[0.0] * 6, *[450.0] * 6], nearby, step_min=10.0).get(Level.RED) == minute


def test_vehicles_that_drove_before_the_jump_say_nothing_of_it() -> None:
    flows = shown((EvidenceKind.TRAFFIC_FLOWS, -60))

    assert not flows.contradicts_since(0.0, COUNTED_WITHIN_S - 1.0)
    assert flows.contradicts_since(0.0, COUNTED_WITHIN_S)


@settings(max_examples=60)
@given(
    st.lists(st.floats(0.0, 900.0), min_size=3, max_size=12),
    st.sampled_from([1.0, 5.0, 10.0]),
    st.sampled_from([SiteType.ROAD, SiteType.CHARGING_STATION, SiteType.UNDERPASS, SiteType.CHANNEL]),
    st.lists(st.tuples(st.sampled_from(CORROBORATING), st.floats(-20.0, 60.0)), max_size=4),
)
def test_evidence_for_water_never_delays_a_warning(
    depths_mm: list[float], step_min: float, site_type: SiteType, nearby: list[tuple[EvidenceKind, float]]
) -> None:
    depths_mm = [*[0.0] * 6, *depths_mm]
    alone = warned_after(depths_mm, shown(), site_type, step_min)
    more = warned_after(depths_mm, shown(*nearby), site_type, step_min)

    assert max(more, default=Level.NONE) >= max(alone, default=Level.NONE)
    for level, minute in alone.items():
        assert min(later for other, later in more.items() if other >= level) <= minute


@settings(max_examples=40)
@given(st.lists(st.floats(0.0, 900.0), min_size=3, max_size=12), st.sampled_from([1.0, 5.0, 10.0]))
def test_where_people_drown_vehicles_are_no_evidence_against_water(depths_mm: list[float], step_min: float) -> None:
    flows = shown((EvidenceKind.TRAFFIC_FLOWS, -60))
    found = [warned_after(depths_mm, nearby, SiteType.UNDERPASS, step_min) for nearby in (shown(), flows)]

    assert found[0] == found[1]
