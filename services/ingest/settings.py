"""The settings of the ingest service."""

from typing import Self

from pydantic import Field, PrivateAttr, SecretStr

from rencheng.messaging.mqtt.client_ids import client_id
from rencheng.runtime.settings import (
    BrokerSettings,
    ClockSettings,
    DatabaseSettings,
    MetricsSettings,
    QualitySettings,
    QuotaSettings,
)
from rencheng.store.accounting.writer_count import WRITERS_MAX


class IngestSettings(DatabaseSettings, BrokerSettings, MetricsSettings, ClockSettings, QualitySettings, QuotaSettings):
    """Settings of one receiver and its writers."""

    mqtt_ingest_password: SecretStr = Field(description="Password of the broker account rencheng-ingest.")
    mqtt_ingest_previous_password: SecretStr | None = Field(
        None, description="The account's password before the last change, to take over the messages that wait."
    )
    ingest_writers: int = Field(
        1, ge=1, le=WRITERS_MAX, description="How many writers run, until `rencheng writers` sets another number."
    )
    ingest_receiver: int = Field(
        0, ge=0, lt=64, description="The receiver's number. Each receiver has a broker session of its own."
    )
    ingest_shared: bool = Field(
        False,  # Mosquitto 2.0 forgets shared subscriptions when it restarts; messages until the next connect are lost
        description="Share the messages with other receivers. With Mosquitto, a restart of the broker then loses some.",
    )
    ingest_batch_max: int = Field(5000, ge=1, le=20_000, description="The most messages in one transaction.")
    ingest_replies_per_s: int = Field(
        1000, gt=0, le=10_000, description="The most replies to devices (receipts, rejections) a writer sends a second."
    )
    ingest_metrics_port: int | None = Field(None, description="Port of the Prometheus metrics. Unset: no metrics.")

    _number: int = PrivateAttr(0)

    @property
    def account(self) -> tuple[str, str]:
        """Return user name and password at the broker."""
        return "rencheng-ingest", self.mqtt_ingest_password.get_secret_value()

    @property
    def old_client_ids(self) -> list[str]:
        """Return earlier client ids of the receiver: that of releases with constant ids, that of the last password."""
        previous = self.mqtt_ingest_previous_password
        return [self.writer_name, *([client_id(self.writer_name, previous.get_secret_value())] if previous else [])]

    @property
    def writer_name(self) -> str:
        """Return the writer's name: the key of its counts. The MQTT client id is derived from it."""
        return f"rencheng-ingest-{self.ingest_receiver}" + (f".{self._number}" if self._number else "")

    def for_writer(self, number: int) -> Self:
        """Return the settings of one of the receiver's writers."""
        copy = self.model_copy()
        copy._number = number  # noqa: SLF001 - of the same class
        return copy
