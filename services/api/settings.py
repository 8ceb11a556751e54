"""Settings of the API."""

from pathlib import Path

from pydantic import Field

from rencheng.runtime.settings import (
    ContactSettings,
    DatabaseSettings,
    IntakeSettings,
    MetricsSettings,
    PublicSettings,
    RolesSettings,
    RulesSettings,
)


class ApiSettings(
    DatabaseSettings, MetricsSettings, PublicSettings, IntakeSettings, ContactSettings, RulesSettings, RolesSettings
):
    """Settings of the API process."""

    api_host: str = Field(
        "127.0.0.1", description="The address to listen on; by default only this machine can connect."
    )
    api_port: int = Field(8010, ge=1, le=65535, description="The port to listen on.")
    api_tls_certificate: Path | None = Field(
        None, description="The certificate with which the API answers by HTTPS alone, PEM; plain HTTP if unset."
    )
    api_tls_key: Path | None = Field(None, description="The key of that certificate, PEM.")
    api_streams_max: int = Field(200, ge=0, description="The most live streams at once; the API rejects more.")
    api_streams_per_key: int = Field(
        5,
        ge=1,
        description="The most live streams of one API key; a fifth of all is kept for keys without one.",
    )
    api_connections_max: int = Field(
        500,
        ge=10,
        description="The most connections; the one that waits longest for a request is closed first.",
    )
    api_request_within_s: float = Field(
        10, gt=0, description="The time in which the headers of a request must arrive, seconds."
    )
    api_unread_within_s: float = Field(
        60, gt=0, description="How long a client may leave a response or a stream unread, seconds."
    )
    api_trusted_proxies: str = Field(
        "",
        description="Addresses or networks of proxies whose X-Forwarded-For and X-Forwarded-Proto count, separated by"
        " commas; none by default.",
    )
    api_key_per_s: float = Field(
        50, gt=0, description="Requests per second that one API key may make on average; ten times as many at once."
    )
    api_key_running: int = Field(
        5, ge=1, description="Requests of one API key that run at the same time; further ones wait for up to 10 s."
    )
    api_address_per_s: float = Field(
        10,
        gt=0,
        description="Requests per second that one address may make without a key in force; ten times as many at once.",
    )
    api_callback_secrets_file: Path | None = Field(
        None,
        description="TOML file with the secrets by which each provider signs receipts and replies; see"
        " docs/how-to/deliver-warnings.md. Unset: their API key is enough.",
    )
    api_metrics_port: int | None = Field(
        None, description="The port of the Prometheus metrics, on 127.0.0.1; no metrics if unset."
    )
