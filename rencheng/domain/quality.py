"""Quality flags that accompany a reading. They never delete it."""

from enum import IntFlag


class Quality(IntFlag):
    """A bit set, stored with the reading; 0 means that nothing was found by the tests that look at one reading.

    Names after QARTOD (US IOOS, water-level manual 2.1): fail, suspect or of high interest, missing.
    """

    NOTHING_FOUND = 0
    MISSING = 1
    """The device said that it could not measure, or sent its no-return code. Never to be read as 0."""
    GROSS_RANGE = 2
    """Outside what the sensor can measure where it hangs: fail."""
    TILTED = 4
    """The sensor hangs askew, so its depth is suspect."""


UNUSABLE = Quality.MISSING | Quality.GROSS_RANGE
"""A depth with one of these flags says nothing about the water."""
