"""The JSON form of a nowcast: the rain of the next minutes, by site or as a grid, as members or quantiles."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rencheng.domain.device import ACTUAL
from rencheng.domain.grid import Grid, sampled
from rencheng.domain.nowcast import Amounts, Nowcast, SiteNowcast
from rencheng.domain.site import Site
from rencheng.schemas.fields import Identifier, PastMoment, ShortText

SITES_MAX, MEMBERS_MAX, MINUTES_MAX, CELLS_MAX = 5000, 50, 6, 10_000
AMOUNT_MAX_MM = 500.0
"""More than twice the greatest hour that was measured in China (201.9 mm). Source: domain reference 1.4."""

Amount = Annotated[float, Field(ge=0, le=AMOUNT_MAX_MM, allow_inf_nan=False)]
AmountsByMinute = Annotated[list[Amount], Field(min_length=1, max_length=MINUTES_MAX)]
Share = Literal["0.05", "0.1", "0.2", "0.25", "0.3", "0.4", "0.5", "0.6", "0.7", "0.75", "0.8", "0.9", "0.95"]
Cells = Annotated[list[Amount], Field(min_length=1, max_length=CELLS_MAX)]

_STRICT = ConfigDict(extra="forbid", frozen=True)


class SiteAmounts(BaseModel):
    """The rain at one site until each of `minutes`: members of an ensemble, or quantiles by their share."""

    model_config = _STRICT

    site_id: Identifier
    members: Annotated[list[AmountsByMinute], Field(max_length=MEMBERS_MAX)] = []
    quantiles: dict[Share, AmountsByMinute] = {}

    @model_validator(mode="after")
    def _check_kind(self) -> "SiteAmounts":
        if bool(self.members) == bool(self.quantiles):
            raise ValueError("give members or quantiles")
        return self

    def weighed(self) -> list[tuple[float, Sequence[float]]]:
        """Return the amounts with their shares of sum 1. A quantile stands for the probabilities nearest to it."""
        if self.members:
            return [(1 / len(self.members), member) for member in self.members]
        by_share = sorted((float(share), amounts) for share, amounts in self.quantiles.items())
        edges = [0.0, *((one + other) / 2 for (one, _), (other, _) in pairwise(by_share)), 1.0]
        return [(end - begin, amounts) for (begin, end), (_, amounts) in zip(pairwise(edges), by_share, strict=True)]


class GridAmounts(BaseModel):
    """The rain in each cell of a grid of degrees until each of `minutes`, member by member.

    A site takes the mean of the cells whose centres lie in its area, or else the cell of its lowest point.
    """

    model_config = _STRICT

    south: Annotated[float, Field(ge=-90, le=90, description="The southern edge, degrees.")]
    west: Annotated[float, Field(ge=-180, le=180, description="The western edge, degrees.")]
    step_deg: Annotated[float, Field(gt=0, le=1, description="The side of a cell, degrees.")]
    columns: Annotated[int, Field(ge=1, le=CELLS_MAX)]
    members: Annotated[
        list[Annotated[list[Cells], Field(min_length=1, max_length=MINUTES_MAX)]],
        Field(
            min_length=1,
            max_length=MEMBERS_MAX,
            description="Member, minute, cell: rows from the south, each from the west.",
        ),
    ]

    @model_validator(mode="after")
    def _check_rows(self) -> "GridAmounts":
        sizes = {len(cells) for member in self.members for cells in member}
        if len(sizes) != 1 or sizes.pop() % self.columns:
            raise ValueError("each minute of each member needs the same number of whole rows")
        return self

    @property
    def grid(self) -> Grid:
        """The grid without its amounts."""
        return Grid(self.south, self.west, self.step_deg, self.columns, len(self.members[0][0]) // self.columns)


class NowcastForm(BaseModel):
    """The rain of the next minutes. A newer issue of a source replaces an older one."""

    model_config = _STRICT

    source: ShortText
    issued_at: PastMoment
    minutes: Annotated[
        list[Annotated[float, Field(gt=0, le=60)]],
        Field(
            min_length=1, max_length=MINUTES_MAX, description="How far ahead, rising. Amounts are the rain until then."
        ),
    ]
    world: Identifier = ACTUAL
    sites: Annotated[list[SiteAmounts], Field(max_length=SITES_MAX)] = []
    grid: GridAmounts | None = None

    @model_validator(mode="after")
    def _check_amounts(self) -> "NowcastForm":
        if any(one >= other for one, other in pairwise(self.minutes)):
            raise ValueError("minutes must rise")
        if bool(self.sites) == bool(self.grid):
            raise ValueError("give sites or a grid")
        if len({each.site_id for each in self.sites}) < len(self.sites):
            raise ValueError("a site is given twice")
        listed: list[Sequence[float]] = [amounts for each in self.sites for _, amounts in each.weighed()]
        if any(len(amounts) != len(self.minutes) for amounts in listed) or (
            self.grid and any(len(member) != len(self.minutes) for member in self.grid.members)
        ):
            raise ValueError("each member or quantile needs an amount for each of minutes")
        if any(one > other for amounts in listed for one, other in pairwise(amounts)):
            raise ValueError("amounts are the rain until each of minutes, and cannot fall")
        return self

    def at_sites(self, sites: Mapping[str, Site]) -> Iterator[SiteNowcast]:
        """Yield the nowcast of each site; of a grid, of those of these sites that lie on it."""
        for each in self.sites:
            yield self._of(each.site_id, each.weighed())
        if self.grid is None:
            return
        for site in sites.values():
            if cells := sampled(self.grid.grid, site):
                share = 1 / len(self.grid.members)
                means = (_rising(_mean(minute, cells) for minute in member) for member in self.grid.members)
                yield self._of(site.site_id, [(share, amounts) for amounts in means])

    def _of(self, site_id: str, weighed: Iterable[tuple[float, Sequence[float]]]) -> SiteNowcast:
        members = tuple((share, self._timed(amounts)) for share, amounts in weighed)
        return SiteNowcast(site_id, self.issued_at, Nowcast(self.issued_at.timestamp(), self.source, members))

    def _timed(self, amounts: Sequence[float]) -> Amounts:
        return tuple((60.0 * minute, mm) for minute, mm in zip(self.minutes, amounts, strict=True))


def _mean(cells: Sequence[float], places: Sequence[int]) -> float:
    return sum(cells[place] for place in places) / len(places)


def _rising(amounts: Iterable[float]) -> list[float]:
    """Return amounts that do not fall."""
    found: list[float] = []
    for mm in amounts:
        found.append(max([mm, *found[-1:]]))
    return found
