"""Errors of simulated devices."""

from rencheng.domain.errors import RenchengError


class BadRecording(RenchengError):
    """A recording cannot be read. The message names the file, the line and the fault."""


class NotConnected(RenchengError):
    """A device could not connect in time. The message has the last error of the broker or the network."""


class NotAcknowledged(RenchengError):
    """The broker did not acknowledge in time. The message names the devices that wait."""


class NotLoopback(RenchengError):
    """The target of a load is another machine."""


class NoBrokerAccount(RenchengError):
    """A device of a fleet has no broker account. The message names it."""
