"""The JSON forms of silences and maintenance windows, for API and commands."""

import datetime as dt
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import to_jsonable_python

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level, WarningLevelWord
from rencheng.domain.mute import Maintenance, MuteScope, Silence
from rencheng.domain.place import CITY_ZONE
from rencheng.schemas.fields import Day, DistrictCode, Identifier, Moment, ShortText, Text

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

SILENCE_MAX = dt.timedelta(days=7)
"""Operators forget a longer silence. Regular maintenance has its own form."""


class _MuteForm(BaseModel):
    """One site, region or catchment, and the level up to which its messages are muted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    world: Identifier = ACTUAL
    site_id: Identifier | None = None
    region: DistrictCode | None = Field(None, description="GB/T 2260: a district, a city (…00) or a province (…0000).")
    catchment: ShortText | None = None
    up_to: WarningLevelWord = Field("blue", description="Messages above this level are delivered all the same.")
    reason: Text

    @model_validator(mode="after")
    def _check_scope(self) -> "_MuteForm":
        self.to_scope()
        return self

    def to_scope(self) -> MuteScope:
        """Return the scope of the mute."""
        return MuteScope(self.world, self.site_id, self.region, self.catchment)


class SilenceForm(_MuteForm):
    """A period in which messages up to a level are not delivered. A reminder is sent before it ends."""

    begins_at: Moment
    ends_at: Moment

    @model_validator(mode="after")
    def _check_period(self) -> "SilenceForm":
        if not dt.timedelta(0) < self.ends_at - self.begins_at <= SILENCE_MAX:
            raise ValueError(f"ends_at must be after begins_at, by {SILENCE_MAX.days} days at most")
        return self

    def to_silence(self) -> Silence:
        """Return the silence, without a name."""
        return Silence("", self.to_scope(), Level.parse(self.up_to), self.begins_at, self.ends_at, self.reason)


class MaintenanceForm(_MuteForm):
    """A window that repeats every week, in Asia/Shanghai time."""

    weekdays: Annotated[tuple[Weekday, ...], Field(min_length=1, max_length=7)]
    begins: dt.time = Field(description="Time of day, such as 22:30.")
    lasts_minutes: Annotated[int, Field(ge=1, le=6 * 24 * 60)]
    first_day: Day = Field(default_factory=lambda: dt.datetime.now(CITY_ZONE).date())
    last_day: Day | None = None

    @model_validator(mode="after")
    def _check_times(self) -> "MaintenanceForm":
        if self.begins.tzinfo is not None:
            raise ValueError("begins is a time of day in Asia/Shanghai, without an offset")
        if self.last_day is not None and self.last_day < self.first_day:
            raise ValueError("last_day must not be before first_day")
        return self

    def to_maintenance(self) -> Maintenance:
        """Return the maintenance window, without a name."""
        return Maintenance(
            name="",
            scope=self.to_scope(),
            up_to=Level.parse(self.up_to),
            weekdays=frozenset(WEEKDAYS.index(day) for day in self.weekdays),
            begins=self.begins,
            lasts=dt.timedelta(minutes=self.lasts_minutes),
            first=self.first_day,
            last=self.last_day,
            reason=self.reason,
        )


def mute_values(mute: Silence | Maintenance) -> dict[str, object]:
    """Return the values of a mute for comparison. Moments are in UTC, so that another offset is no change."""
    return {
        name: value.astimezone(dt.UTC).isoformat() if isinstance(value, dt.datetime) else to_jsonable_python(value)
        for name, value in mute_form(mute).items()
    }


def mute_form(mute: Silence | Maintenance) -> dict[str, object]:
    """Return a mute in the form in which it is given."""
    scope = mute.scope
    common: dict[str, object] = {
        "world": scope.world,
        "site_id": scope.site_id,
        "region": scope.region,
        "catchment": scope.catchment,
        "up_to": mute.up_to.word,
        "reason": mute.reason,
    }
    if isinstance(mute, Silence):
        return common | {"begins_at": mute.begins_at, "ends_at": mute.ends_at}
    return common | {
        "weekdays": [WEEKDAYS[day] for day in sorted(mute.weekdays)],
        "begins": mute.begins,
        "lasts_minutes": round(mute.lasts.total_seconds() / 60),
        "first_day": mute.first,
        "last_day": mute.last,
    }
