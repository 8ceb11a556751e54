"""What an ingest worker can be told."""

from pydantic import Field, SecretStr

from rencheng.runtime.settings import BrokerSettings, ClockSettings, DatabaseSettings, QualitySettings


class IngestSettings(DatabaseSettings, BrokerSettings, ClockSettings, QualitySettings):
    """Settings of one worker."""

    mqtt_ingest_password: SecretStr = Field(description="Password of the broker account rencheng-ingest.")
    ingest_slot: int = Field(0, ge=0, lt=64, description="The worker's number; its session with the broker bears it.")
    ingest_shared: bool = Field(
        False,  # Mosquitto 2.0 forgets shared subscriptions when it restarts: what comes before ours is lost
        description="Share the work with other workers. On Mosquitto a restart of the broker then costs readings.",
    )
    ingest_batch_max: int = Field(5000, ge=1, le=20_000, description="The most messages in one transaction.")
    ingest_quota_per_minute: int = Field(
        6000, gt=0, description="The most live readings of a device in a minute, unless its profile says otherwise."
    )
    ingest_answers_per_s: int = Field(
        1000, gt=0, le=10_000, description="The most receipts and refusals that a worker tells devices in a second."
    )
    ingest_metrics_port: int | None = Field(None, description="Where to offer Prometheus metrics; nowhere if unset.")

    @property
    def worker(self) -> str:
        """The worker's name: MQTT client id, and key of its counts."""
        return f"rencheng-ingest-{self.ingest_slot}"
