"""The errors that the platform raises on purpose.

RenchengError
├── Rejected          a message or reading is permanently invalid: quarantine and acknowledge it
├── StoreUnavailable  the database is away: keep the messages, retry, and receive no new ones
├── NotPossible       a request cannot be carried out: explain why, and what is possible
│   └── ConfirmationRequired  a dangerous change: say what it does, and how to confirm it
└── Misconfigured     a setting is missing or wrong: name it and stop
"""

from collections.abc import Sequence
from enum import StrEnum


class RejectionReason(StrEnum):
    """The reason of a rejection. The code is stored, counted and shown; the detail is for people."""

    TOPIC = "topic"
    """The topic is not part of the topic tree."""
    UNKNOWN_DEVICE = "unknown_device"
    """The device is not registered."""
    RETIRED_DEVICE = "retired_device"
    """The device was taken out of service."""
    WRONG_ADDRESS = "wrong_address"
    """The device is registered in another region, or as another kind, than the topic names."""
    UNDECODABLE = "undecodable"
    """The device's codec cannot decode the payload."""
    INVALID = "invalid"
    """The payload was decoded, and a value in it is invalid."""
    CLOCK_FUTURE = "clock_future"
    """The sample time is further ahead than the allowed clock error."""
    CLOCK_PAST = "clock_past"
    """The sample time is older than the allowed buffering time."""
    CONFLICT = "conflict"
    """A reading with the same key and other values is stored."""
    STORE_REFUSED = "store_refused"
    """The database rejects this row permanently."""
    QUOTA = "quota"
    """The device exceeded its quota. The first message of each hour is kept; the others are only counted."""


class RenchengError(Exception):
    """The base of all errors that the platform raises on purpose."""


class Rejected(RenchengError):
    """The rejection of one message or reading, with a reason code and a sentence for people."""

    def __init__(self, reason: RejectionReason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class StoreUnavailable(RenchengError):
    """The database is away or out of resources. The caller keeps the work and retries."""


class NotPossible(RenchengError):
    """A request that cannot be carried out. The message explains why, and what is possible."""


class NoLongerOpen(NotPossible):
    """A request about something that has ended since, or was decided already."""


class ConfirmationRequired(NotPossible):
    """A change that is likely a mistake and silences warnings if it is one. `doubts` says why, in sentences."""

    def __init__(self, doubts: Sequence[str]) -> None:
        super().__init__(
            f"{'; '.join(doubts)}. Nothing was changed. If this is meant, repeat it with"
            " `confirm=true` in the query of a request, or with --confirm on the command line"
        )
        self.doubts = tuple(doubts)


class Misconfigured(RenchengError):
    """A setting that is missing or wrong. The message names it and its remedy."""
