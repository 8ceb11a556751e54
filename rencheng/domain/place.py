"""Where the city is on the clock."""

from zoneinfo import ZoneInfo

CITY_ZONE = ZoneInfo("Asia/Shanghai")
"""The time zone in which days begin and clocks are read."""
