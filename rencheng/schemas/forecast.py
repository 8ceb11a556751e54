"""The JSON form of a rain forecast: the expected rain in a region and period."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rencheng.domain.device import ACTUAL
from rencheng.domain.weather import RainForecast
from rencheng.schemas.fields import DistrictCode, Identifier, Moment, PastMoment, ShortText


class ForecastForm(BaseModel):
    """The rain that a source expects. A newer issue for the same region and period replaces an older one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: DistrictCode = Field(description="GB/T 2260: a district, a city (…00) or a province (…0000).")
    source: ShortText
    issued_at: PastMoment
    valid_from: Moment
    valid_to: Moment
    rain_mm: Annotated[float, Field(ge=0, le=2000, allow_inf_nan=False)]
    world: Identifier = ACTUAL

    @model_validator(mode="after")
    def _check_period(self) -> "ForecastForm":
        if self.valid_to <= self.valid_from:
            raise ValueError("valid_to must be after valid_from")
        return self

    def to_forecast(self) -> RainForecast:
        """Return the forecast."""
        return RainForecast(**dict(self))
