"""The words and sentence templates of one language."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from rencheng.domain.level import Level
from rencheng.domain.site import Site, SiteType
from rencheng.domain.warning import Certainty, MessageType

LanguageCode = Literal["zh", "en"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A language in which warnings are written. Texts with braces are templates for `str.format`.

    Attributes:
        tag: RFC 3066.
        place: returns the name of a site.
        headline_begin, headline_end: the headline before and after the place.
        depth_description: the description of a warning that a depth gauge raised or ended.
        measured, measured_elsewhere: what the gauge read, and if it hangs elsewhere, what stands at the lowest point.
        rain_description: the description of a warning that rain alone raised.
        rain_expected, rain_learned: added to it if a nowcast raised it, and if the site has storms of its own.
        unknown_description: the description of a message that time alone brought, while no gauge measures.
        instructions_by_type: added from orange upwards at sites of these types.
    """

    code: LanguageCode
    tag: str
    event: str
    place: Callable[[Site], str]
    exercise: str
    time: str
    place_and_type: str
    colours: Mapping[Level, str]
    actions: Mapping[MessageType, str]
    odds: Mapping[Certainty, str]
    site_types: Mapping[SiteType, str]

    headline_begin: str
    headline_end: str
    depth_description: str
    measured: str
    measured_elsewhere: str
    rain_description: str
    rain_expected: str
    rain_learned: str
    unknown_description: str
    unconfirmed: str
    aged: str
    confirmed: str
    renewed: str
    lost_trust: str
    overflows: str
    rain_ended: str
    lapsed: str
    basis: str

    depth_unknown: str
    depth_now: str
    rise_unknown: str
    steady: str
    rising: str
    falling: str

    ended: str
    predicted: str
    observed: str
    receded: str

    soon: str
    within_a_minute: str
    in_one_minute: str
    in_minutes: str
    usual_tide: str
    tide_table: str
    above_tide: str
    half_hour: str
    minutes: str
    forecast: str
    interval: str
    reasons: str

    instructions: Mapping[Level, str]
    instructions_by_type: Mapping[SiteType, str]
    all_clear: str
    acknowledge: str
