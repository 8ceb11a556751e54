"""Forecasts of rain as JSON: for a region and a span of time, how much."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from rencheng.domain.device import ACTUAL
from rencheng.domain.topic import IDENTIFIER, REGION
from rencheng.domain.weather import RainForecast


class ForecastForm(BaseModel):
    """How much rain a source expects. A newer issue for the same region and span takes the place of an older one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    region: Annotated[str, StringConstraints(pattern=f"^{REGION.pattern}$")] = Field(
        description="GB/T 2260: a district, a city (…00) or a province (…0000)."
    )
    source: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    issued_at: AwareDatetime
    valid_from: AwareDatetime
    valid_to: AwareDatetime
    rain_mm: Annotated[float, Field(ge=0, le=2000, allow_inf_nan=False)]
    world: Annotated[str, StringConstraints(pattern=f"^{IDENTIFIER.pattern}$")] = ACTUAL

    @model_validator(mode="after")
    def _is_a_span(self) -> "ForecastForm":
        if self.valid_to <= self.valid_from:
            raise ValueError("valid_to must come after valid_from")
        return self

    def to_forecast(self) -> RainForecast:
        """The forecast that this form tells of."""
        return RainForecast(**dict(self))
