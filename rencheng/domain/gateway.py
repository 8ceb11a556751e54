"""A gateway: a broker account that publishes for devices of one kind in one region."""

from dataclasses import dataclass

from rencheng.domain.kind import Kind

GATEWAY_PREFIX = "rencheng-gateway-"
"""The prefix of its account. Names of services begin with `rencheng-`, so that no device can have such a name."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """The gateway of a region and kind; there is at most one."""

    region: str
    kind: Kind

    @property
    def account(self) -> str:
        """Return its user name at the broker."""
        return f"{GATEWAY_PREFIX}{self.region}-{self.kind}"
