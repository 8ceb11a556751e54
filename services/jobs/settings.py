"""What the jobs can be told."""

from pydantic import Field

from rencheng.runtime.settings import DatabaseSettings


class JobSettings(DatabaseSettings):
    """Settings of the runner and of the jobs."""

    jobs_metrics_port: int | None = Field(None, description="Where to offer Prometheus metrics; nowhere if unset.")
