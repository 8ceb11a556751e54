"""The rule by which the platform proposes a response, and the roles that declare it.

A colour is of a warning, a number is of a response. Neither is derived from the other: a person declares.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rencheng.domain.level import Level
from rencheng.domain.region import code_includes, code_prefix
from rencheng.response.calls.forms import RoleName
from rencheng.schemas.fields import DistrictCode, Text

ResponseNumber = Literal[4, 3, 2, 1]
"""4 is IV, the lowest; 1 is I, the gravest."""

ROMAN: Mapping[int, str] = {4: "IV", 3: "III", 2: "II", 1: "I"}

_STRICT = ConfigDict(extra="forbid", frozen=True)


class SitesAtLevel(BaseModel):
    """A number of sites at a level or above."""

    model_config = _STRICT

    level: Literal["blue", "yellow", "orange", "red"]
    sites: Annotated[int, Field(ge=1, le=10_000)]

    def is_met(self, levels: Iterable[Level]) -> bool:
        """Return whether enough sites have the level."""
        return sum(level >= Level.parse(self.level) for level in levels) >= self.sites


class NumberRule(BaseModel):
    """When a response is proposed, and who declares, adjusts and ends it."""

    model_config = _STRICT

    number: ResponseNumber
    when: Annotated[tuple[SitesAtLevel, ...], Field(min_length=1, max_length=8)] = Field(
        description="Any of these is enough."
    )
    declared_by: Annotated[tuple[RoleName, ...], Field(min_length=1, max_length=10)]


class RegionRule(BaseModel):
    """The responses of a region. A region may have fewer than four."""

    model_config = _STRICT

    region: DistrictCode
    source: Text = Field(description="The plan of the city that the numbers come from.")
    responses: Annotated[tuple[NumberRule, ...], Field(min_length=1, max_length=4)]

    @model_validator(mode="after")
    def _check(self) -> "RegionRule":
        numbers = [each.number for each in self.responses]
        if len(set(numbers)) < len(numbers):
            raise ValueError(f"region {self.region}: a number is named twice")
        return self

    def proposed(self, levels: Sequence[Level]) -> NumberRule | None:
        """Return the gravest response that the levels of the region's sites ask for."""
        met = [each for each in self.responses if any(one.is_met(levels) for one in each.when)]
        return min(met, key=lambda each: each.number, default=None)

    def of(self, number: int) -> NumberRule | None:
        """Return the rule of a number."""
        return next((each for each in self.responses if each.number == number), None)


def _number(number: ResponseNumber, role: str, **sites: int) -> NumberRule:
    when = [SitesAtLevel(level=level, sites=count) for level, count in sites.items()]
    return NumberRule(number=number, when=tuple(when), declared_by=(role,))


BUILT_IN = (
    _number(4, "flood_head", yellow=3, orange=1),
    _number(3, "flood_head", orange=3, red=1),
    _number(2, "headquarters_head", red=3),
    _number(1, "headquarters_head", red=10),
)
"""Proposal. The roles: a city plan in Henan, where IV and III are signed by the head of the city flood headquarters
(城市防汛指挥部), II and I by the head of the municipal headquarters; response reference 3.2. Each city replaces it."""


def rule_of(rules: Sequence[RegionRule], region: str) -> RegionRule:
    """Return the rule of exactly this region; without one the built-in rule."""
    own = next((each for each in rules if each.region == region), None)
    return own or RegionRule(region=region, source="proposal of the platform", responses=BUILT_IN)


def regions_with(rules: Sequence[RegionRule], district: str) -> tuple[str, ...]:
    """Return the regions that include a district and have responses: its city, and those with a rule of their own."""
    city = district[: len("3701")] + "00"
    own = [each.region for each in rules if code_includes(each.region, district)]
    return tuple(dict.fromkeys(sorted((*own, city), key=lambda code: -len(code_prefix(code)))))
