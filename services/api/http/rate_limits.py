"""Token buckets: how many requests a key or an address may make, now and on average."""

import math
from collections import OrderedDict
from ipaddress import IPv6Address, ip_address

from rencheng.runtime.clock import SYSTEM_CLOCK, Clock

NAMES_MAX = 10_000
"""The most buckets in memory. The one unused for the longest time is forgotten first, and is full when it returns."""

_IPV6_NETWORK_BITS = 64
"""The part of an IPv6 address that a provider assigns. A subscriber chooses the rest, so it identifies nobody."""


class TokenBuckets:
    """One bucket for each name. A request takes a token; tokens come back at a constant rate.

    Args:
        per_s: tokens that come back in a second.
        burst: tokens of a full bucket.
        clock: the time.
    """

    def __init__(self, per_s: float, burst: float, clock: Clock = SYSTEM_CLOCK) -> None:
        self.per_s = per_s
        self.burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def left(self, name: str) -> float:
        """Return the tokens that are left."""
        now_s = self._clock.monotonic_s()
        tokens, at_s = self._buckets.get(name, (self.burst, now_s))
        return min(self.burst, tokens + (now_s - at_s) * self.per_s)

    def take(self, name: str) -> bool:
        """Take a token; return False if there is none."""
        tokens = self.left(name)
        if tokens < 1:
            return False
        self._buckets[name] = tokens - 1, self._clock.monotonic_s()
        self._buckets.move_to_end(name)
        if len(self._buckets) > NAMES_MAX:
            self._buckets.popitem(last=False)
        return True

    def wait_s(self, name: str) -> int:
        """Return the seconds until the next token, rounded up."""
        return max(1, math.ceil((1 - self.left(name)) / self.per_s))

    def headers(self, name: str) -> dict[str, str]:
        """Return the header fields that tell a client its limit (draft-ietf-httpapi-ratelimit-headers)."""
        refill_s = math.ceil((self.burst - self.left(name)) / self.per_s)
        return {
            "RateLimit-Policy": f'"key";q={self.burst:g};w={math.ceil(self.burst / self.per_s)}',
            "RateLimit": f'"key";r={int(self.left(name))};t={refill_s}',
        }


def network_of(address: str) -> str:
    """Return the name of an address for its bucket: IPv4 addresses alone, IPv6 addresses by network."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is None:
        return str(int(parsed) >> _IPV6_NETWORK_BITS)
    return str(parsed)
