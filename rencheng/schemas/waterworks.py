"""The JSON forms of pump states and tide tables. Unknown fields are rejected."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from rencheng.domain.waterworks import HighWater, PumpState
from rencheng.schemas.fields import Moment, OptionalText, ShortText

HIGH_WATERS_MAX = 800
"""A year of tides, with room for a day with three."""

DEPTH_MAX_MM = 10_000.0

_STRICT = ConfigDict(extra="forbid", frozen=True)


class PumpForm(BaseModel):
    """The state of a pump, as an operator or its controller reports it."""

    model_config = _STRICT

    pump: ShortText = Field(description="The name of the pump at the site.")
    state: PumpState
    until: Moment = Field(description="When the report expires: what is not reported again is not known then.")
    note: OptionalText = Field("", description="For the audit log.")


class HighWaterForm(BaseModel):
    """A forecast high water."""

    model_config = _STRICT

    at: Moment
    depth_mm: Annotated[float, Field(ge=0, le=DEPTH_MAX_MM, allow_inf_nan=False)]


class TideForm(BaseModel):
    """The high waters that are forecast for a site, as depths at its lowest point. They replace those of the source."""

    model_config = _STRICT

    source: ShortText
    high_waters: Annotated[list[HighWaterForm], Field(min_length=1, max_length=HIGH_WATERS_MAX)]

    def of_site(self, site_id: str) -> list[HighWater]:
        """Return them as those of a site."""
        return [HighWater(site_id, one.at.timestamp(), one.depth_mm) for one in self.high_waters]
