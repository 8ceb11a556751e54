"""Quality flags of a reading. A flag never deletes a reading."""

from enum import IntFlag


class Quality(IntFlag):
    """A set of flags as bits; 0 means that no check found a fault.

    The names follow QARTOD (US IOOS, water-level manual 2.1). Its grade is at the end of each line: fail, suspect, of
    high interest, missing, not evaluated. The first eight need one reading and are stored with it. The others need
    its neighbours and are stored in `series_flags`.
    """

    NOTHING_FOUND = 0
    MISSING = 1
    """The device could not measure, or sent its no-return code; never 0: missing."""
    GROSS_RANGE = 2
    """Outside the range of the sensor at its mounting height: fail."""
    TILTED = 4
    """The sensor is tilted, so that its depth is wrong: suspect."""
    NO_RETURN = 8
    """The value is the sensor's code for "no echo"; always with `MISSING`: missing."""
    BLIND_ZONE = 16
    """The echo came from within the blind zone: a web, a leaf, or water up to the sensor: fail."""
    LATE = 32
    """It arrived later than the allowed lateness. The measurement itself can be good."""
    CLOCK_AHEAD = 64
    """The sample time is ahead of the time of reception, within the limit that is rejected: suspect."""
    TEST = 128
    """A test transmission (SL 651 function code 30). It is stored, and the engine does not use it."""

    SPIKE_SUSPECT = 256
    """Differs from both neighbours: suspect."""
    SPIKE = 512
    """Differs from both neighbours by more than water can: fail."""
    RATE = 1024
    """Rose or fell faster than usual. It is not an error, because fatal tunnel floods rose so: of high interest."""
    FLAT_LINE = 2048
    """Above the resting level and almost constant for long: suspect."""
    STUCK = 4096
    """Almost constant for longer than water can be: fail."""
    GAP = 8192
    """The device was silent for longer than its reporting interval before this reading."""
    NOT_EVALUATED = 16384
    """The spike test waits for the next sample, or the neighbours are too far away in time."""


UNUSABLE = Quality.MISSING | Quality.GROSS_RANGE | Quality.NO_RETURN | Quality.BLIND_ZONE | Quality.TEST
"""A depth with one of these flags is not used."""

FROM_ONE_READING = Quality(0x00FF)
"""The flags that ingest sets, which keeps no state by device."""

FROM_A_SERIES = Quality(0x7F00)
"""The flags that need the readings before and after."""
