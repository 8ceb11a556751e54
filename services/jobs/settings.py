"""The settings of the jobs."""

from datetime import timedelta
from typing import Self

from pydantic import Field, SecretStr, model_validator

from rencheng.domain.kind import Kind
from rencheng.runtime.settings import DatabaseSettings, MetricsSettings, QualitySettings
from rencheng.store.retention.quarantine import KEEP_BYTES, KEEP_DAYS
from rencheng.store.retention.weather import DOCUMENT_BYTES, FORECAST_DAYS, SIGNAL_DAYS

_DAYS = "Days that {} are kept, at least, because whole chunks are dropped. 0: forever."


class StorageSettings(DatabaseSettings):
    """Retention periods, chunk intervals and columnstore."""

    storage_waterlogging_raw_days: int = Field(1095, ge=0, description=_DAYS.format("readings of gauges"))
    storage_signal_raw_days: int = Field(45, ge=0, description=_DAYS.format("events of signals"))
    storage_charging_raw_days: int = Field(120, ge=0, description=_DAYS.format("meter values of chargers"))
    storage_minute_days: int = Field(400, ge=0, description=_DAYS.format("rollups by minute"))
    storage_hour_days: int = Field(0, ge=0, description=_DAYS.format("rollups by hour"))
    storage_waterlogging_rows_per_day: int = Field(
        0, ge=0, description="Expected readings of gauges per day, if more than measured; sets the chunk interval."
    )
    storage_signal_rows_per_day: int = Field(
        0, ge=0, description="Expected events of signals per day, if more than measured."
    )
    storage_charging_rows_per_day: int = Field(
        0, ge=0, description="Expected meter values per day, if more than measured."
    )
    storage_columnstore_after_days: int = Field(
        7, ge=1, description="Days after which chunks move to the columnstore (TimescaleDB Community edition only)."
    )
    ingest_past_days: float = Field(30.0, gt=0, description="Readings older than this go to quarantine.")

    def keep(self, kind: Kind, granularity: str) -> timedelta | None:
        """Return the retention period of a kind's readings (`raw`) or rollups of a granularity; None: forever."""
        days: int = {
            "raw": getattr(self, f"storage_{kind.value}_raw_days"),
            "1min": self.storage_minute_days,
            "1h": self.storage_hour_days,
            "1day": 0,
        }[granularity]
        return timedelta(days=days) if days else None

    def expected_rows_per_day(self, kind: Kind) -> int:
        """Return the expected readings per day of a kind."""
        rows: int = getattr(self, f"storage_{kind.value}_rows_per_day")
        return rows

    @model_validator(mode="after")
    def _late_readings_find_their_bucket(self) -> Self:
        """Reject a retention period shorter than the allowed age of readings; late ones could not be rolled up."""
        for name in ("waterlogging_raw", "signal_raw", "charging_raw", "minute", "hour"):
            days: int = getattr(self, f"storage_{name}_days")
            if 0 < days < self.ingest_past_days + 2:
                raise ValueError(
                    f"storage_{name}_days is {days}, but readings up to {self.ingest_past_days:g} days old are accepted"
                    " (RENCHENG_INGEST_PAST_DAYS): set at least two days more, so that late readings are rolled up"
                )
        return self


class WatchSettings(DatabaseSettings):
    """How the platform watches itself."""

    watch_every_s: float = Field(60.0, gt=0, description="Seconds between two looks of the watch.")
    heartbeat_url: SecretStr | None = Field(
        None,
        description="URL of an outside alarm (a dead man's switch). It gets a POST at each look while everything is"
        " well, so it rings if the platform is dead or finds a fault. Unset: none.",
    )
    alarm_url: SecretStr | None = Field(
        None, description="URL that gets a POST with the faults at each look that finds some. Unset: none."
    )


class JobSettings(MetricsSettings, StorageSettings, QualitySettings, WatchSettings):
    """The settings of the runner and its jobs."""

    quarantine_keep_days: float = Field(KEEP_DAYS, gt=0, description="Days that quarantine entries are kept.")
    quarantine_keep_mb: int = Field(
        KEEP_BYTES // 2**20,
        gt=0,
        description="Megabytes of quarantine entries that are kept; the oldest are dropped first.",
    )

    weather_signal_keep_days: float = Field(
        SIGNAL_DAYS, ge=14, description="Days that rain signals are kept, also those of exercises."
    )
    weather_forecast_keep_days: float = Field(
        FORECAST_DAYS, ge=1, description="Days that rain forecasts are kept, also those of exercises."
    )
    weather_document_keep_mb: int = Field(
        DOCUMENT_BYTES // 2**20,
        gt=0,
        description="Megabytes of rain signal messages that are kept as received; the oldest are emptied first.",
    )

    @property
    def retention(self) -> dict[str, int | float]:
        """The settings that decide what is deleted, for the audit log."""
        names = sorted(name for name in type(self).model_fields if name.endswith(("_days", "_keep_mb")))
        return {name: getattr(self, name) for name in names}

    jobs_metrics_port: int | None = Field(None, description="Port of the Prometheus metrics; none if unset.")
