"""Quality flags that accompany a reading. They never delete it."""

from enum import IntFlag


class Quality(IntFlag):
    """A bit set; 0 means that the tests which were made found nothing.

    Names after QARTOD (US IOOS, water-level manual 2.1), whose grades stand at the end of each line: fail,
    suspect, of high interest, missing, not evaluated. The first eight are found in one reading, and stored with it;
    the others need the readings around it, and are stored beside it.
    """

    NOTHING_FOUND = 0
    MISSING = 1
    """The device said that it could not measure, or sent its no-return code. Never to be read as 0: missing."""
    GROSS_RANGE = 2
    """Outside what the sensor can measure where it hangs: fail."""
    TILTED = 4
    """The sensor hangs askew, so its depth is off: suspect."""
    NO_RETURN = 8
    """The number was the sensor's code for "no echo": missing, and always with `MISSING`."""
    BLIND_ZONE = 16
    """The echo came from nearer than the sensor can tell: a web, a leaf, or water up to it: fail."""
    LATE = 32
    """Reached us later than a warning may wait for it. The sample itself may be perfect."""
    CLOCK_AHEAD = 64
    """Sampled in our future, by more than clocks in step differ and less than is refused: suspect."""
    TEST = 128
    """The device says that somebody is trying it out (SL 651 function code 30): kept, and never taken for water."""

    SPIKE_SUSPECT = 256
    """Stands out from both neighbours: suspect."""
    SPIKE = 512
    """Stands out from both neighbours by more than water can: fail."""
    RATE = 1024
    """Rose or fell faster than is usual: of high interest, never bad by itself. The deadliest tunnels rose so."""
    FLAT_LINE = 2048
    """Above the resting level, and has hardly moved for long: suspect."""
    STUCK = 4096
    """Has hardly moved for so long that no water does it: fail."""
    GAP = 8192
    """The device was silent for longer than it should be before this reading."""
    NOT_EVALUATED = 16384
    """The spike test still waits for the next sample, or had no neighbours near enough in time."""


UNUSABLE = Quality.MISSING | Quality.GROSS_RANGE | Quality.NO_RETURN | Quality.BLIND_ZONE | Quality.TEST
"""A depth with one of these flags says nothing about the water."""

FROM_ONE_READING = Quality(0x00FF)
"""What ingest finds: it keeps no state by device."""

FROM_A_SERIES = Quality(0x7F00)
"""What needs the readings before and after."""
