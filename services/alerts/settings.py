"""Settings of the alert service."""

from pydantic import Field, SecretStr

from rencheng.domain.timing import ALLOWED_LATENESS
from rencheng.runtime.settings import (
    BrokerSettings,
    DatabaseSettings,
    MetricsSettings,
    PublicSettings,
    QualitySettings,
    QuotaSettings,
)


class AlertSettings(DatabaseSettings, BrokerSettings, MetricsSettings, PublicSettings, QualitySettings, QuotaSettings):
    """Settings of the alert service."""

    mqtt_alerts_password: SecretStr = Field(description="Password of the broker account rencheng-alerts.")
    alerts_wait_s: float = Field(
        0.0,
        ge=0,
        le=ALLOWED_LATENESS.total_seconds(),
        description="Seconds that a reading waits for readings that were sampled before it. It delays every warning.",
    )
    alerts_metrics_port: int | None = Field(
        None, description="Port of the loopback address for Prometheus metrics; none if unset."
    )
    cap_sender: str = Field("rencheng@localhost", description="CAP sender: the issuer, unique in the world.")
    cap_sender_name_zh: str = Field("韧城内涝预警", description="The issuing agency's name in Chinese.")
    cap_sender_name_en: str = Field("Rencheng ponding warning", description="The issuing agency's name in English.")
    cap_contact: str = Field("the city's flood-control duty office", description="CAP contact: who answers questions.")
    cap_restriction: str = Field(
        "For the city's emergency dispatch and the operators of the site; not for public release.",
        description="CAP restriction, for scope Restricted.",
    )

    @property
    def account(self) -> tuple[str, str]:
        """Return user name and password at the broker."""
        return "rencheng-alerts", self.mqtt_alerts_password.get_secret_value()
