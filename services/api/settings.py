"""Settings of the API."""

from pydantic import Field

from rencheng.runtime.settings import DatabaseSettings, IntakeSettings, MetricsSettings, PublicSettings


class ApiSettings(DatabaseSettings, MetricsSettings, PublicSettings, IntakeSettings):
    """Settings of the API process."""

    api_host: str = Field(
        "127.0.0.1", description="The address to listen on; by default only this machine can connect."
    )
    api_port: int = Field(8010, ge=1, le=65535, description="The port to listen on.")
    api_streams_max: int = Field(200, ge=0, description="The most live streams at once; the API rejects more.")
    api_metrics_port: int | None = Field(
        None, description="The port of the Prometheus metrics, on 127.0.0.1; no metrics if unset."
    )
