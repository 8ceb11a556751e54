"""The three kinds of devices whose messages the platform receives."""

from enum import StrEnum


class Kind(StrEnum):
    """A kind of device, as topics, tables and the API write it."""

    WATERLOGGING = "waterlogging"
    """积水监测: depth of ponding water, and rain."""
    SIGNAL = "signal"
    """智能信号机: events of a traffic-signal controller."""
    CHARGING = "charging"
    """充电桩: meter values and connector states of a charger."""
