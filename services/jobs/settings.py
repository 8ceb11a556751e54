"""What the jobs can be told."""

from datetime import timedelta
from typing import Self

from pydantic import Field, model_validator

from rencheng.domain.kind import Kind
from rencheng.runtime.settings import DatabaseSettings, QualitySettings
from rencheng.store.retention.quarantine import KEEP_BYTES, KEEP_DAYS

_DAYS = "Days that {} are kept, at least: chunks go whole. 0: for good."


class StorageSettings(DatabaseSettings):
    """How long what is kept, and how."""

    storage_waterlogging_raw_days: int = Field(1095, ge=0, description=_DAYS.format("gauges' readings"))
    storage_signal_raw_days: int = Field(45, ge=0, description=_DAYS.format("signals' events"))
    storage_charging_raw_days: int = Field(120, ge=0, description=_DAYS.format("piles' meter values"))
    storage_minute_days: int = Field(400, ge=0, description=_DAYS.format("rollups by the minute"))
    storage_hour_days: int = Field(0, ge=0, description=_DAYS.format("rollups by the hour"))
    storage_waterlogging_rows_per_day: int = Field(
        0, ge=0, description="Gauges' readings expected a day, if more than are measured: the length of chunks follows."
    )
    storage_signal_rows_per_day: int = Field(0, ge=0, description="The same of signals' events.")
    storage_charging_rows_per_day: int = Field(0, ge=0, description="The same of piles' meter values.")
    storage_columnstore_after_days: int = Field(
        7, ge=1, description="Chunks of readings this old are kept by columns, where TimescaleDB's licence allows it."
    )
    ingest_past_days: float = Field(30.0, gt=0, description="Readings older than this go to quarantine.")

    def keep(self, kind: Kind, level: str) -> timedelta | None:
        """How long a kind's readings (level `raw`) or its rollups of a level are kept; None: for good."""
        days: int = {
            "raw": getattr(self, f"storage_{kind.value}_raw_days"),
            "1min": self.storage_minute_days,
            "1h": self.storage_hour_days,
            "1day": 0,
        }[level]
        return timedelta(days=days) if days else None

    def expected_rows_per_day(self, kind: Kind) -> int:
        """Readings of a kind that were said to be expected."""
        rows: int = getattr(self, f"storage_{kind.value}_rows_per_day")
        return rows

    @model_validator(mode="after")
    def _what_is_late_finds_its_bucket(self) -> Self:
        """A reading that came when its neighbours were dropped could not be rolled up with them."""
        for name in ("waterlogging_raw", "signal_raw", "charging_raw", "minute", "hour"):
            days: int = getattr(self, f"storage_{name}_days")
            if 0 < days < self.ingest_past_days + 2:
                raise ValueError(
                    f"storage_{name}_days is {days}, and readings {self.ingest_past_days:g} days old are still taken in"
                    " (RENCHENG_INGEST_PAST_DAYS): keep at least two days more, so that they are rolled up right"
                )
        return self


class JobSettings(StorageSettings, QualitySettings):
    """Settings of the runner and of the jobs."""

    quarantine_keep_days: float = Field(KEEP_DAYS, gt=0, description="Days that what was refused is kept.")
    quarantine_keep_mb: int = Field(
        KEEP_BYTES // 2**20, gt=0, description="Megabytes of what was refused that are kept; the oldest goes first."
    )

    jobs_metrics_port: int | None = Field(None, description="Where to offer Prometheus metrics; nowhere if unset.")
