"""What an ingest worker can be told."""

from typing import Self

from pydantic import Field, PrivateAttr, SecretStr

from rencheng.runtime.settings import BrokerSettings, ClockSettings, DatabaseSettings, QualitySettings
from rencheng.store.accounting.writer_count import WRITERS_MAX


class IngestSettings(DatabaseSettings, BrokerSettings, ClockSettings, QualitySettings):
    """Settings of one worker."""

    mqtt_ingest_password: SecretStr = Field(description="Password of the broker account rencheng-ingest.")
    ingest_writers: int = Field(
        1, ge=1, le=WRITERS_MAX, description="How many slots write, until `rencheng writers` asks for another number."
    )
    ingest_writer: int = Field(
        0, ge=0, lt=64, description="The receiver's number; its session with the broker bears it."
    )
    ingest_shared: bool = Field(
        False,  # Mosquitto 2.0 forgets shared subscriptions when it restarts: what comes before ours is lost
        description="Share the work with other receivers. On Mosquitto a restart of the broker then costs readings.",
    )
    ingest_batch_max: int = Field(5000, ge=1, le=20_000, description="The most messages in one transaction.")
    ingest_quota_per_minute: int = Field(
        6000, gt=0, description="The most live readings of a device in a minute, unless its profile says otherwise."
    )
    ingest_replies_per_s: int = Field(
        1000, gt=0, le=10_000, description="The most receipts and refusals that a worker tells devices in a second."
    )
    ingest_metrics_port: int | None = Field(None, description="Where to offer Prometheus metrics; nowhere if unset.")

    _part: int = PrivateAttr(0)

    @property
    def writer_name(self) -> str:
        """The worker's name: MQTT client id, and key of its counts."""
        return f"rencheng-ingest-{self.ingest_writer}" + (f".{self._part}" if self._part else "")

    def of_writer(self, number: int) -> Self:
        """The same for one of the slots of this receiver."""
        copy = self.model_copy()
        copy._part = number  # noqa: SLF001 - its own
        return copy
