"""Settings of the response service."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr

from rencheng.domain.errors import Misconfigured
from rencheng.runtime.settings import (
    BrokerSettings,
    ContactSettings,
    DatabaseSettings,
    MetricsSettings,
    PublicSettings,
    RulesSettings,
)
from services.response.channels.mail import MailServer


class ResponseSettings(
    DatabaseSettings, BrokerSettings, ContactSettings, RulesSettings, MetricsSettings, PublicSettings
):
    """Settings of the response service."""

    mqtt_response_password: SecretStr | None = Field(
        None, description="Password of the broker account rencheng-response; without it nothing is sent by MQTT."
    )
    response_instance: str = Field("0", description="Name of this process, if several run.")
    response_networks: str = Field(
        "",
        description="Private networks that webhooks may reach, such as `10.20.0.0/16`, separated by commas. Without it"
        " only public addresses are reached.",
    )
    response_http: bool = Field(
        False, description="true: webhooks may use http, without encryption. Only for networks that you trust."
    )
    response_ca_file: Path | None = Field(
        None, description="PEM file of further authorities that sign certificates of webhooks."
    )
    response_mail_url: SecretStr | None = Field(
        None, description="smtp://user:password@host:port with STARTTLS; smtp+plain:// without. Unset: no mail."
    )
    response_mail_sender: str = Field("rencheng@localhost", description="The sender of mail.")
    response_gateways_file: Path | None = Field(
        None,
        description="TOML file that describes the gateways for SMS and voice; see docs/how-to/deliver-warnings.md.",
    )
    response_cap_key_file: Path | None = Field(
        None, description="PEM file of the RSA key that signs CAP messages in webhooks. Unset: they are not signed."
    )
    response_cap_certificate_file: Path | None = Field(
        None, description="PEM file of the certificate of that key, which receivers pin."
    )
    response_metrics_port: int | None = Field(None, description="Port of the Prometheus metrics; none if unset.")

    @property
    def mail_server(self) -> MailServer | None:
        """The mail server; None if there is none.

        Raises:
            Misconfigured: the address is not `smtp://…` or `smtp+plain://…`.
        """
        if self.response_mail_url is None:
            return None
        parts = urlsplit(self.response_mail_url.get_secret_value())
        if parts.scheme not in {"smtp", "smtp+plain"} or not parts.hostname:
            raise Misconfigured("RENCHENG_RESPONSE_MAIL_URL is not of the form smtp://user:password@host:port")
        return MailServer(
            parts.hostname,
            parts.port or 587,
            self.response_mail_sender,
            unquote(parts.username or ""),
            unquote(parts.password or ""),
            tls=parts.scheme == "smtp",
        )

    @property
    def networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The private networks that may be reached.

        Raises:
            Misconfigured: one is not a network.
        """
        try:
            return tuple(ip_network(one.strip()) for one in self.response_networks.split(",") if one.strip())
        except ValueError as error:
            raise Misconfigured(f"RENCHENG_RESPONSE_NETWORKS: {error}") from None
