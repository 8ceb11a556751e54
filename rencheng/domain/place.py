"""The time zone of the city."""

from zoneinfo import ZoneInfo

CITY_ZONE = ZoneInfo("Asia/Shanghai")
"""The zone of days, times of day and printed times."""
