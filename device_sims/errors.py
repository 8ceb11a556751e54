"""What can go wrong with simulated devices."""

from rencheng.domain.errors import RenchengError


class BadRecording(RenchengError):
    """A recording cannot be read. The message names the file, the line and what is wrong there."""


class NotConnected(RenchengError):
    """A device could not connect in time. The message says what the broker or the network answered last."""


class NotAcknowledged(RenchengError):
    """The broker did not acknowledge what was published in time. The message names the devices that still wait."""


class NotLoopback(RenchengError):
    """A load was to be sent to another machine."""


class NoBrokerAccount(RenchengError):
    """A device of a fleet has no way to the broker. The message names it."""
