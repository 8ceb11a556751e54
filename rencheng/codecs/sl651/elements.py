"""The elements and function codes that are supported, by their numbers in SL 651-2014 (annexes B and C)."""

from enum import IntEnum

from rencheng.codecs.sl651.body import Mark


class Function(IntEnum):
    """The purpose of a report."""

    KEEP_ALIVE = 0x2F
    """链路维持报: a keep-alive."""
    TEST = 0x30
    """测试报: a test of the station; its data are kept apart from the others (6.6.4.3)."""
    UNIFORM = 0x31
    """均匀时段水文信息报: one element at even steps."""
    SCHEDULED = 0x32
    """定时报."""
    EXTRA = 0x33
    """加报报: a threshold was reached."""
    HOURLY = 0x34
    """小时报: an hour in steps of five minutes."""


TEMPERATURE = 0x02
"""瞬时气温, °C."""
ONE_MINUTE_OF_RAIN = 0x21
FIVE_MINUTES_OF_RAIN = 0x22
SUPPLY_VOLTAGE = 0x38
"""电源电压, V."""
LEVEL = 0x39
"""瞬时河道水位, m: of a ponding monitor the depth of the water, its base level being the ground."""
LEVEL_LAST = 0x43
STATUS = 0x45
"""遥测站状态及报警信息, 32 bits (table 58)."""

RAIN_CHANNEL = int(Mark.RAIN_SERIES)
"""Five minutes of rain are the same reading, sent alone (22) or in an hour's series (F4): both have this channel."""


def level_channel(identifier: int) -> int | None:
    """Return the channel of a water level: 0 for 39, else the identifier; None if it is not a water level.

    An hour's series (F5 to FC) is rounded to centimetres, so it cannot share a channel with the level in millimetres.
    """
    if identifier == LEVEL:
        return 0
    if LEVEL < identifier <= LEVEL_LAST or identifier in {0x3A, 0x3B}:
        return identifier
    return identifier if Mark.LEVEL_SERIES <= identifier <= Mark.LEVEL_SERIES_LAST else None
