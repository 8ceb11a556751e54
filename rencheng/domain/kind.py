"""The three families of devices that the platform listens to."""

from enum import StrEnum


class Kind(StrEnum):
    """A device family, as it is written in topics, tables and the API."""

    WATERLOGGING = "waterlogging"
    """积水监测: depth of ponding water, and rain."""
    SIGNAL = "signal"
    """智能信号机: events of a traffic-signal controller."""
    CHARGING = "charging"
    """充电桩: meter values and connector states of a charging pile."""
