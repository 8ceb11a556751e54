"""A gateway: an account that publishes for devices which have none of their own, of one kind in one region."""

from dataclasses import dataclass

from rencheng.domain.kind import Kind

GATEWAY_PREFIX = "rencheng-gateway-"
"""How its account's name begins. It is a service's beginning, so that no device can bear such a name."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Whom it speaks for. There is one of each region and kind."""

    region: str
    kind: Kind

    @property
    def account(self) -> str:
        """Its user name at the broker."""
        return f"{GATEWAY_PREFIX}{self.region}-{self.kind}"
