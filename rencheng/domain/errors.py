"""What can be wrong, in our own words.

RenchengError
├── Refused           this message or reading will never be good: quarantine it, acknowledge it
├── StoreUnavailable  the database cannot take anything now: keep everything, try again, take no new mail
├── NotPossible       what a person asked for cannot be done: say why, and what can
└── Misconfigured     a setting is missing or wrong: say which, and stop
"""

from enum import StrEnum


class RejectionReason(StrEnum):
    """Why a reading went to quarantine. The code is stored, counted and shown; the detail is for people."""

    TOPIC = "topic"
    """The topic is not one of ours."""
    UNKNOWN_DEVICE = "unknown_device"
    """Nobody registered the device."""
    RETIRED_DEVICE = "retired_device"
    """The device was taken out of service."""
    WRONG_ADDRESS = "wrong_address"
    """The device is registered in another region or as another kind than the topic says."""
    UNDECODABLE = "undecodable"
    """The payload is not what the device's codec reads."""
    INVALID = "invalid"
    """The payload was read, and a value in it cannot be."""
    CLOCK_FUTURE = "clock_future"
    """The sample time lies further ahead than a clock may be wrong."""
    CLOCK_PAST = "clock_past"
    """The sample time lies further back than a device may buffer."""
    CONFLICT = "conflict"
    """The same key is stored already, with other values."""
    STORE_REFUSED = "store_refused"
    """The database refused this row and would always refuse it."""
    QUOTA = "quota"
    """The device sent more than it may. The first message of each hour is kept, the others are only counted."""


class RenchengError(Exception):
    """The root of all errors that the platform raises on purpose."""


class Rejected(RenchengError):
    """One message or reading is not acceptable. It carries its reason code and a sentence for people."""

    def __init__(self, reason: RejectionReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class StoreUnavailable(RenchengError):
    """The database is away or out of resources. The work is kept and tried again."""


class NotPossible(RenchengError):
    """What a person asked for cannot be done as it was asked. The message says why, and what can."""


class Misconfigured(RenchengError):
    """A setting is missing or wrong. The message names the setting and what to do."""
