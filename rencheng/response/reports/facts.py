"""The rows that an event report is computed from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Record = Mapping[str, Any]
"""A row. Its times are datetimes."""


@dataclass(frozen=True, slots=True)
class EventFacts:
    """Everything on record about a warning.

    Attributes:
        warning: the row of the warning.
        site: names, type and region of the place.
        thresholds: the depth of each level, mm.
        closing: the level at which the plan closes the place, and its depth, mm; None if it does not.
        events: the messages of the warning, in order.
        depths: usable depths at the lowest point: `device_id`, `time`, `depth_mm`.
        rain: `device_id`, `time`, `rain_mm`.
        dispatches: with the kind and owner of the contact method, the end of the first attempt that was delivered
            (`sent_at`) and the first receipt (`delivered_at`).
        call: the row of the call; None if nobody was called.
        answers: the answers of people.
        incident: the row of the incident; None if there were no tasks.
        tasks: with `template` and `state`.
        task_events: everything that happened to the tasks.
        evidence: without the photos themselves.
        commands: commands to devices, with `confirmed_at`.
    """

    warning: Record
    site: Record
    thresholds: Mapping[str, float]
    closing: tuple[str, float] | None
    events: Sequence[Record] = ()
    depths: Sequence[Record] = ()
    rain: Sequence[Record] = ()
    dispatches: Sequence[Record] = ()
    call: Record | None = None
    answers: Sequence[Record] = ()
    incident: Record | None = None
    tasks: Sequence[Record] = ()
    task_events: Sequence[Record] = ()
    evidence: Sequence[Record] = ()
    commands: Sequence[Record] = ()
    remarks: Mapping[str, str] = field(default_factory=dict)
