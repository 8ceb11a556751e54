"""The topic tree: `rencheng/v1/{region}/{kind}/{device_id}/{channel}`, and one retained warning per site."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.kind import Kind

ROOT = "rencheng/v1"

REGION = re.compile(r"[0-9]{6}")
"""A district's six-digit GB/T 2260 code, such as 370102 for Lixia, Jinan."""

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""An identifier of a device, site or world: safe in a topic, a password file, a file name, XML and a URL."""

TOPIC_CACHE_SIZE = 2**17
"""The number of parsed topics in the cache: enough for the devices of a province, whose topics do not change."""


class Channel(StrEnum):
    """The kind of content on a topic of a device."""

    TELEMETRY = "telemetry"
    STATE = "state"
    COMMAND = "command"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Topic:
    """The topic of a device's message."""

    region: str
    kind: Kind
    device_id: str
    channel: Channel

    def __str__(self) -> str:
        """Return the topic as the broker writes it."""
        return f"{ROOT}/{self.region}/{self.kind}/{self.device_id}/{self.channel}"

    @staticmethod
    @lru_cache(TOPIC_CACHE_SIZE)
    def parse(text: str) -> "Topic":
        """Parse a topic.

        Raises:
            Rejected: the topic is not part of the tree; reason `topic`.
        """
        parts = text.split("/")
        if len(parts) != 6 or parts[0] != "rencheng" or parts[1] != "v1":  # noqa: PLR2004 - a topic has six levels
            raise Rejected(RejectionReason.TOPIC, f"a topic is {ROOT}/region/kind/device/channel")
        region, kind, device_id, channel = parts[2:]
        if not REGION.fullmatch(region):
            raise Rejected(RejectionReason.TOPIC, f"region {region!r} is not a six-digit GB/T 2260 code")
        if not IDENTIFIER.fullmatch(device_id):
            raise Rejected(RejectionReason.TOPIC, f"{device_id!r} is not a valid device identifier")
        try:
            return Topic(region, Kind(kind), device_id, Channel(channel))
        except ValueError as error:
            raise Rejected(RejectionReason.TOPIC, str(error)) from None


_KINDS = frozenset(Kind)


EXERCISE_LEVEL = "exercise"


def warning_topic(region: str, site_id: str, world: str) -> str:
    """Return the topic on which the current warning of a site is retained.

    Exercises have another level than real warnings, so that a subscriber of warnings never receives an exercise.
    """
    return f"{ROOT}/{region}/{'warning' if world == ACTUAL else EXERCISE_LEVEL}/{site_id}"


def topic_filter(channel: Channel, kind: Kind | None = None) -> str:
    """Return the subscription filter for one channel of all devices, or of all devices of one kind."""
    return f"{ROOT}/+/{kind or '+'}/+/{channel}"


def kind_of_topic(topic: str) -> str:
    """Return the kind in a topic, by which messages are counted; `unknown` if there is none."""
    parts = topic.split("/")
    return parts[3] if len(parts) == 6 and parts[3] in _KINDS else "unknown"  # noqa: PLR2004 - as above
