"""The rules of what leaps, what lies, and what is one wet spell, at their edges."""

import pytest

from services.alerts.engine import leap as leaps
from services.alerts.engine import spell as spells
from services.alerts.engine import trust as trusts
from services.alerts.engine.leap import Leap
from services.alerts.engine.spell import Flood, Spell
from services.alerts.engine.trust import FULL, Distrust, Trust


@pytest.mark.parametrize(
    ("gap_s", "most_mm"), [(1, 80), (60, 80), (90, 100), (120, 120), (600, 440), (601, 440), (9e9, 440)]
)
def test_the_longer_the_silence_the_more_is_believed_at_once(gap_s: float, most_mm: float) -> None:
    assert leaps.most_mm(gap_s) == most_mm


def leapt(*depths_mm: float, from_mm: float = 0.0, from_water: bool = False) -> Leap:
    leap = leaps.begin(from_mm, depths_mm[0], from_water=from_water)
    for depth_mm in depths_mm[1:]:
        leap = leaps.go_on(leap, depth_mm, 60.0)
    return leap


LEAPS_MM = [100.0 * (place + 1) for place in range(leaps.LEAPS_THAT_ARE_WATER)]


@pytest.mark.parametrize(("depth_mm", "is_gone"), [(249.9, True), (250.0, False), (0.0, True), (400.0, False)])
def test_what_keeps_less_than_half_of_its_leap_is_gone(depth_mm: float, is_gone: bool) -> None:
    assert leaps.has_fallen_back(leapt(400.0, from_mm=100.0), depth_mm) is is_gone


def test_a_leap_upon_a_leap_begins_the_count_anew() -> None:
    assert leapt(200.0, 281.0)[:5] == (0.0, 281.0, 281.0, 1, 2)
    assert leapt(200.0, 280.0)[:5] == (0.0, 200.0, 280.0, 2, 1)


def test_what_gives_back_more_than_a_tenth_from_one_sample_to_the_next_is_not_smooth() -> None:
    assert leapt(200.0, 180.0).is_smooth
    assert not leapt(200.0, 179.9).is_smooth
    assert not leapt(200.0, 179.0, 181.0).is_smooth  # and stays so


@pytest.mark.parametrize(
    ("leap", "hasty", "doubt", "is_believed"),
    [
        (leapt(200.0), True, 0.0, False),
        (leapt(200.0, 200.0), True, 0.0, True),  # where doubt warns the second sample is enough
        (leapt(200.0, 300.0), True, 0.0, True),
        (leapt(200.0, 200.0), True, 1.0, False),
        (leapt(200.0, 200.0, 200.0), True, 1.9, True),
        (leapt(200.0, 200.0), False, 0.0, False),
        (leapt(200.0, 200.0, from_water=True), False, 0.0, True),  # out of water that was rising
        (leapt(200.0, 208.0, 216.0), False, 0.0, True),  # it moves by 8 % of the leap
        (leapt(200.0, 208.0, 215.9), False, 0.0, False),
        (leapt(200.0, 216.0), False, 0.0, False),  # one sample is no movement
        (leapt(200.0, 208.0, 216.0), False, 1.0, False),
        (leapt(200.0, 208.0, 216.0, 217.0, 218.0), False, 1.0, True),
        (leapt(200.0, 190.0, 185.0, 184.0, 184.0, 184.0), False, 0.0, True),  # it falls as water does
        (leapt(200.0, 190.0, 185.0, 184.0, 184.0), False, 0.0, False),
        (leapt(200.0, 190.0, 185.0, 184.1, 184.1, 184.1), False, 0.0, False),
        (leapt(200.0, 179.0, 217.0, 217.0), False, 0.0, False),  # it is no smooth thing
        (leapt(*LEAPS_MM), False, 0.0, True),  # so many leaps in a row are water
        (leapt(*LEAPS_MM[1:]), False, 0.0, False),
        (leapt(*LEAPS_MM), False, 1.0, False),
    ],
)
def test_a_leap_is_believed_when_it_behaves_like_water(
    leap: Leap, hasty: bool, doubt: float, is_believed: bool
) -> None:
    assert leaps.is_believed(leap, hasty=hasty, doubt=doubt) is is_believed


def lies(count: int, top_mm: float = 500.0, every_s: float = 1.0, step_mm: float = 0.0) -> Trust:
    trust = FULL
    for place in range(count):
        trust = trusts.lied(trust, 1000.0 + every_s * place, top_mm + step_mm * place)
    return trust


def test_six_lies_cost_all_trust_and_it_comes_back_with_time() -> None:
    assert lies(5).distrust is None
    trust = lies(8)
    assert trust.distrust is not None
    assert trust.score == pytest.approx(trusts.WORST, abs=0.1)
    assert trusts.lied(trust, 1010.0, 500.0).score == trusts.WORST
    back_s = 1007.0 + 2.5 * trusts.HALF_LIFE_S  # 8 lies halved 2.5 times are 1.41

    assert trusts.looked_at(trust, 1007.0 + 2.4 * trusts.HALF_LIFE_S).distrust is not None
    assert trusts.looked_at(trust, back_s).distrust is None
    assert trusts.looked_at(FULL, back_s) == FULL


def test_a_lie_is_half_forgiven_in_a_half_life_and_time_that_runs_back_forgives_nothing() -> None:
    trust = trusts.lied(FULL, 1000.0, 500.0)

    assert trusts.score_at(trust, 1000.0 + trusts.HALF_LIFE_S) == pytest.approx(0.5)
    assert trusts.score_at(trust, 0.0) == 1.0
    assert trusts.score_at(FULL, 1e9) == 0.0


@pytest.mark.parametrize(("step_mm", "why"), [(0.0, Distrust.BLOCKED), (9.0, Distrust.BLOCKED), (90.0, Distrust.SPIKY)])
def test_lies_to_one_depth_are_a_thing_in_the_beam_and_others_are_spikes(step_mm: float, why: Distrust) -> None:
    assert lies(7, step_mm=step_mm).distrust is why


def test_what_is_stuck_is_named_so_once() -> None:
    stuck = trusts.is_stuck(FULL, 1000.0)

    assert (stuck.distrust, stuck.score, stuck.at_s) == (Distrust.STUCK, trusts.TRUSTED_BELOW, 1000.0)
    assert trusts.is_stuck(lies(8), 2000.0) == lies(8)
    assert trusts.looked_at(stuck, 1000.0).distrust is Distrust.STUCK
    assert trusts.looked_at(stuck, 1001.0).distrust is None


def spell(*samples: tuple[float, float]) -> Spell:
    first = samples[0]
    found = spells.begin(first[0] - 60, *first)
    for sample in samples[1:]:
        found = spells.go_on(found, *sample)
    return found


def test_a_spell_knows_its_peak_its_fastest_rise_and_its_last_wet_sample() -> None:
    found = spell((60, 20), (120, 50), (240, 60), (300, 9.9), (360, 60))

    assert (found.began_s, found.dry_s, found.wet_s) == (60, 0, 360)
    assert (found.peak_mm, found.peak_s, found.fastest_mm_per_min) == (60, 240, 50.1)
    assert spell((60, 20), (120, 9.9)).wet_s == 60
    assert spell((60, 20), (120, 10.0)).wet_s == 120
    assert spell((60, 30), (90, 70)).fastest_mm_per_min == 40  # less than a minute counts as one


def test_it_is_over_after_twenty_dry_minutes_and_forgets_what_is_older_than_its_windows() -> None:
    assert not spells.is_over(spell((60, 20)), 60 + spells.DRY_FOR_S)
    assert spells.is_over(spell((60, 20)), 61 + spells.DRY_FOR_S)
    assert spell((60, 20), (60 + spells.KEPT_S, 20)).samples[0][0] == 60
    assert spell((60, 20), (61 + spells.KEPT_S, 20)).samples[0][0] == 61 + spells.KEPT_S


def test_a_puddle_is_no_flood_and_only_so_many_are_kept() -> None:
    assert spells.remembered((), spell((60, 29.9))) == ()
    assert spells.remembered((), spell((60, 30), (120, 50))) == (Flood(60, 120, 50, 30),)
    many = (Flood(0, 0, 1, 1),) * spells.FLOODS_KEPT
    assert len(spells.remembered(many, spell((60, 30)))) == spells.FLOODS_KEPT
    assert spells.remembered(many, spell((60, 30)))[-1].peak_mm == 30
