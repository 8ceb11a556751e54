"""The result of intake for one message, as a response."""

from dataclasses import asdict
from typing import Any

from rencheng.domain.errors import RejectionReason
from rencheng.intake import IntakeResult, Rejection
from services.api.http.models import ApiModel, example, flags


class RejectedReading(ApiModel):
    """A reading, or a whole message, that intake rejects."""

    model_config = example(position=1, reason="invalid", detail="time: Input should be a valid datetime")

    position: int
    """The reading's position in the message, from 0; -1 for the whole message."""
    reason: RejectionReason
    detail: str


class DecodingAttempt(ApiModel):
    """The result of a trial run of intake 试解析."""

    model_config = example(
        readings=[{"device_id": "gauge-7", "channel": 0, "time": "2026-07-20T16:05:00+08:00", "depth_mm": 41.0}],
        rejections=[{"position": 1, "reason": "invalid", "detail": "time: Input should be a valid datetime"}],
        state=None,
    )

    readings: list[dict[str, Any]]
    """The readings that would be stored. Duplicates are not detected here."""
    rejections: list[RejectedReading]
    state: str | None
    """`online` or `offline`, if the message is a device's state."""


def present_rejection(rejection: Rejection) -> RejectedReading:
    """Return a rejection as a response."""
    return RejectedReading(position=rejection.position, reason=rejection.reason, detail=rejection.detail)


def present_attempt(result: IntakeResult) -> DecodingAttempt:
    """Return the result of a trial run as a response."""
    state = None if result.state is None else "online" if result.state.online else "offline"
    return DecodingAttempt(
        readings=[_reading(asdict(reading)) for reading in result.readings],
        rejections=[present_rejection(rejection) for rejection in result.rejections],
        state=state,
    )


def _reading(values: dict[str, Any]) -> dict[str, Any]:
    present = {name: value for name, value in values.items() if value is not None and name != "quality"}
    return present | {"flags": list(flags(values["quality"]))}
