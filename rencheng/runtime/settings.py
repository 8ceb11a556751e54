"""Settings, in blocks. Environment variables with the prefix RENCHENG_ take precedence over the local stack's file.

`rencheng stack up` writes `.rencheng/stack.env`, so a local stack needs no settings.
"""

import os
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from ssl import SSLContext, SSLError, TLSVersion, create_default_context
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from rencheng.checks.clock import ClockLimits
from rencheng.checks.limits import GAUGES, GaugeLimits, read_limits
from rencheng.domain.errors import Misconfigured

STACK_FILE = Path(".rencheng/stack.env")
"""The file with the local stack's addresses and passwords, below the checkout."""


def checkout() -> Path:
    """Return the folder of the local stack and of build results: RENCHENG_CHECKOUT, or the current folder."""
    return Path(os.environ.get("RENCHENG_CHECKOUT") or Path.cwd())


_MQTT_PORTS = {"mqtt": 1883, "mqtts": 8883}


class Settings(BaseSettings):
    """A block of settings. Each service combines the blocks that it needs."""

    model_config = SettingsConfigDict(env_prefix="RENCHENG_", extra="ignore", frozen=True)

    @classmethod
    def load(cls) -> Self:
        """Read the environment and the local stack's file.

        Raises:
            Misconfigured: with the name of the variable and the remedy.
        """
        try:
            return cls(_env_file=checkout() / STACK_FILE)
        except ValidationError as error:
            finding = error.errors(include_url=False, include_input=False)[0]
            name = f"RENCHENG_{'_'.join(str(step) for step in finding['loc'])}".upper()
            hint = "Set it, or start the local stack: `make up`." if finding["type"] == "missing" else ""
            raise Misconfigured(f"{name}: {finding['msg']}. {hint}".strip()) from None


class DatabaseSettings(Settings):
    """The database."""

    database_url: str = Field(description="postgresql+psycopg://user:password@host:port/database")


class ClockSettings(Settings):
    """The accepted sample times."""

    ingest_past_days: float = Field(30.0, gt=0, description="Readings older than this go to quarantine.")
    ingest_future_s: float = Field(300.0, gt=0, description="Readings further ahead than this go to quarantine.")

    @property
    def clock_limits(self) -> ClockLimits:
        """The limits for intake."""
        return ClockLimits(timedelta(days=self.ingest_past_days), timedelta(seconds=self.ingest_future_s))


class QualitySettings(Settings):
    """The limits of the quality tests."""

    gauge_limits_file: Path | None = Field(
        None, description="TOML file with additional limits for kinds of gauges; see docs/reference/quality.md."
    )

    @property
    def gauge_limits(self) -> Mapping[str, GaugeLimits]:
        """The limits of each kind of gauge.

        Raises:
            Misconfigured: the file is missing or invalid.
        """
        if self.gauge_limits_file is None:
            return GAUGES
        try:
            return read_limits(self.gauge_limits_file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise Misconfigured(f"RENCHENG_GAUGE_LIMITS_FILE: {error}") from None


class IntakeSettings(ClockSettings, QualitySettings):
    """The limits of intake."""


class QuotaSettings(Settings):
    """What a device may send; ingest and the alert service enforce it."""

    ingest_quota_per_minute: int = Field(
        6000, gt=0, description="The most live readings of a device in a minute, unless its profile sets another quota."
    )


class PublicSettings(Settings):
    """The public address."""

    public_url: str = Field("http://127.0.0.1:8010", description="URL of the API for people and CAP messages.")


class MetricsSettings(Settings):
    """Where a process offers its metrics. Its port is a setting of each service."""

    metrics_host: str = Field(
        "127.0.0.1", description="Address of the Prometheus metrics, which need no key; by default loopback."
    )


class BrokerSettings(Settings):
    """The broker."""

    mqtt_url: str = Field(description="mqtt://host:port, or mqtts://host:port with TLS.")
    mqtt_ca_file: Path | None = Field(
        None,
        description="PEM file of the authority that signed the broker's certificate, such as that of `rencheng tls`.",
    )
    mqtt_batching: bool = Field(
        True, description="Read many MQTT packets at once; false reads with plain paho, at a tenth of the rate."
    )

    @property
    def mqtt_address(self) -> tuple[str, int]:
        """The host and port of the broker.

        Raises:
            Misconfigured: the URL is not `mqtt://host[:port]` or `mqtts://host[:port]`.
        """
        parts = urlsplit(self.mqtt_url)
        if parts.scheme not in _MQTT_PORTS or not parts.hostname:
            raise Misconfigured(
                f"RENCHENG_MQTT_URL: {self.mqtt_url!r} is not of the form mqtt://host:port or mqtts://host:port"
            )
        return parts.hostname, parts.port or _MQTT_PORTS[parts.scheme]

    @property
    def mqtt_tls(self) -> SSLContext | None:
        """How the broker's certificate is checked: with its host name, TLS 1.2 or newer. None without TLS.

        Raises:
            Misconfigured: the authority's file is missing or invalid, or it is set for a plain connection.
        """
        if urlsplit(self.mqtt_url).scheme != "mqtts":
            if self.mqtt_ca_file is not None:
                raise Misconfigured("RENCHENG_MQTT_CA_FILE is set, but RENCHENG_MQTT_URL is plain: use mqtts://")
            return None
        try:
            context = create_default_context(cafile=self.mqtt_ca_file)
        except (OSError, SSLError) as error:
            raise Misconfigured(f"RENCHENG_MQTT_CA_FILE: {self.mqtt_ca_file}: {error}") from None
        context.minimum_version = TLSVersion.TLSv1_2
        return context


class RulesSettings(Settings):
    """The rules of responses."""

    response_rules_file: Path | None = Field(
        None,
        description="YAML file with the responses of each region: when they are proposed, and who declares them; see"
        " docs/how-to/declare-a-response.md.",
    )


class RolesSettings(Settings):
    """The roles of people."""

    roles_file: Path | None = Field(
        None,
        description="YAML file with the permissions of roles, and the roles of groups of the identity provider; see"
        " docs/how-to/let-people-sign-in.md.",
    )


class ContactSettings(Settings):
    """The keys of contacts."""

    contact_keys: SecretStr = Field(
        SecretStr(""),
        description="Fernet keys that encrypt addresses of contacts, separated by commas: the newest first. Keep a copy"
        " outside the database; `rencheng contact key` makes one.",
    )


class BrokerAccounts(Settings):
    """The passwords of the services' broker accounts, and the broker's account file."""

    mqtt_ingest_password: SecretStr = Field(description="Password of the broker account rencheng-ingest.")
    mqtt_alerts_password: SecretStr = Field(description="Password of the broker account rencheng-alerts.")
    mqtt_operator_password: SecretStr = Field(description="Password of the broker account rencheng-operator.")
    mqtt_response_password: SecretStr | None = Field(
        None, description="Password of the broker account rencheng-response; without it nothing is sent by MQTT."
    )
    mqtt_password_file: Path = Field(description="Mosquitto's password_file; `rencheng broker accounts` writes it")
