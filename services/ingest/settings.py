"""The settings of the ingest service."""

from typing import Self

from pydantic import Field, PrivateAttr, SecretStr

from rencheng.runtime.settings import BrokerSettings, ClockSettings, DatabaseSettings, QualitySettings
from rencheng.store.accounting.writer_count import WRITERS_MAX


class IngestSettings(DatabaseSettings, BrokerSettings, ClockSettings, QualitySettings):
    """Settings of one receiver and its writers."""

    mqtt_ingest_password: SecretStr = Field(description="Password of the broker account rencheng-ingest.")
    ingest_writers: int = Field(
        1, ge=1, le=WRITERS_MAX, description="How many writers run, until `rencheng writers` sets another number."
    )
    ingest_receiver: int = Field(
        0, ge=0, lt=64, description="The receiver's number. It is part of the client id of its broker session."
    )
    ingest_shared: bool = Field(
        False,  # Mosquitto 2.0 forgets shared subscriptions when it restarts; messages until the next connect are lost
        description="Share the messages with other receivers. With Mosquitto, a restart of the broker then loses some.",
    )
    ingest_batch_max: int = Field(5000, ge=1, le=20_000, description="The most messages in one transaction.")
    ingest_quota_per_minute: int = Field(
        6000, gt=0, description="The most live readings of a device in a minute, unless its profile sets another quota."
    )
    ingest_replies_per_s: int = Field(
        1000, gt=0, le=10_000, description="The most replies to devices (receipts, rejections) a writer sends a second."
    )
    ingest_metrics_port: int | None = Field(None, description="Port of the Prometheus metrics. Unset: no metrics.")

    _number: int = PrivateAttr(0)

    @property
    def writer_name(self) -> str:
        """Return the writer's name: the key of its counts and, for the receiver, the MQTT client id."""
        return f"rencheng-ingest-{self.ingest_receiver}" + (f".{self._number}" if self._number else "")

    def for_writer(self, number: int) -> Self:
        """Return the settings of one of the receiver's writers."""
        copy = self.model_copy()
        copy._number = number  # noqa: SLF001 - of the same class
        return copy
