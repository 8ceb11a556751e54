"""What intake says of a message, as an answer."""

from dataclasses import asdict
from typing import Any

from rencheng.domain.errors import RejectionReason
from rencheng.intake import IntakeResult, Rejection
from services.api.http.models import ApiModel, example, flags


class RejectedReading(ApiModel):
    """A reading, or a whole message, that is refused."""

    model_config = example(position=1, reason="invalid", detail="time: Input should be a valid datetime")

    position: int
    """Which reading of the message, from 0; -1 for the whole message."""
    reason: RejectionReason
    detail: str


class Attempt(ApiModel):
    """What intake would say today 试解析."""

    model_config = example(
        readings=[{"device_id": "gauge-7", "channel": 0, "time": "2026-07-20T16:05:00+08:00", "depth_mm": 41.0}],
        refusals=[{"position": 1, "reason": "invalid", "detail": "time: Input should be a valid datetime"}],
        state=None,
    )

    readings: list[dict[str, Any]]
    """What would be stored, unless its key is: only the database knows that."""
    refusals: list[RejectedReading]
    state: str | None
    """`online` or `offline`, if it is a device's state."""


def as_still(refusal: Rejection) -> RejectedReading:
    """A refusal as an answer."""
    return RejectedReading(position=refusal.position, reason=refusal.reason, detail=refusal.detail)


def as_attempt(admitted: IntakeResult) -> Attempt:
    """The same as an answer."""
    state = None if admitted.state is None else "online" if admitted.state.online else "offline"
    return Attempt(
        readings=[_reading(asdict(reading)) for reading in admitted.readings],
        refusals=[as_still(refusal) for refusal in admitted.rejections],
        state=state,
    )


def _reading(values: dict[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in values.items() if value is not None and name != "quality"}
    return said | {"flags": list(flags(values["quality"]))}
