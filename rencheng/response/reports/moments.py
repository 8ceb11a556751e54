"""The moments of an event, each with the row that it comes from; and the times between them.

A moment that is not on record is missing. A time between two moments is missing if one of them is; it is never 0.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rencheng.response.reports.facts import EventFacts, Record

CLOSE_VERB = "barrier.close"


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment, and the row that it comes from.

    Attributes:
        at: by the clock of the source.
        recorded_at: when the platform recorded it; None if that is not kept.
    """

    at: datetime
    source: str
    row: str
    recorded_at: datetime | None = None


def moments_of(facts: EventFacts) -> dict[str, Moment | None]:
    """Return the moments of an event by name; None if one is not on record."""
    return {name: find(facts) for name, find in FINDERS.items()}


def _first(rows: Iterable[Record], at: str, source: str, row: Callable[[Record], str]) -> Moment | None:
    found = [each for each in rows if each.get(at) is not None]
    if not found:
        return None
    first = min(found, key=lambda each: each[at])
    return Moment(first[at], source, row(first), first.get("recorded_at"))


def _water(facts: EventFacts) -> Moment | None:
    if facts.closing is None:
        return None
    deep = [each for each in facts.depths if each["depth_mm"] >= facts.closing[1]]
    return _first(deep, "time", "gauge", lambda row: f"waterlogging_readings {row['device_id']}")


def _warned(facts: EventFacts) -> Moment | None:
    return _first(facts.events, "issued_at", "engine", lambda row: f"warning_events {row['event_id']}")


def _sent(facts: EventFacts) -> Moment | None:
    return _first(_warnings_sent(facts), "sent_at", "dispatch", _dispatch)


def _delivered(facts: EventFacts) -> Moment | None:
    return _first(_warnings_sent(facts), "delivered_at", "dispatch", _dispatch)


def _warnings_sent(facts: EventFacts) -> list[Record]:
    return [each for each in facts.dispatches if each["source"] in {"event", "call"} and not each["is_end"]]


def _dispatch(row: Record) -> str:
    return f"dispatches {row['dispatch_id']}"


def _answered(kind: str) -> Callable[[EventFacts], Moment | None]:
    def find(facts: EventFacts) -> Moment | None:
        counting = [each for each in facts.answers if each["kind"] == kind and not each["refusal"]]
        return _first(counting, "at", "person", lambda row: f"acknowledgements {row['person_id']} {row['kind']}")

    return find


def _arrived(facts: EventFacts) -> Moment | None:
    by_answer = _answered("on_site")(facts)
    arrivals = [each for each in facts.task_events if each["kind"] == "Arrived" and not each["refusal"]]
    by_task = _first(arrivals, "at", "person", _event)
    return _earliest(by_answer, by_task)


def _event(row: Record) -> str:
    return f"task_events {row['task_id']} {row['n']}"


def _earliest(*found: Moment | None) -> Moment | None:
    return min((each for each in found if each is not None), key=lambda each: each.at, default=None)


def _closed(facts: EventFacts) -> Moment | None:
    """Return when the place was closed: by the devices' own state, or by people, whatever was on record first."""
    return _earliest(_closed_by_people(facts), _closed_by_devices(facts))


def _closed_by_people(facts: EventFacts) -> Moment | None:
    """Return when the last closing task was done. One that is not done leaves the place open."""
    closing = [each for each in facts.tasks if each["template"]["closes"]]
    last: list[Moment] = []
    for task in closing:
        if task["state"] not in {"done", "checked"}:
            return None
        done = [each for each in _of_task(facts, task) if each["kind"] == "Finished" and each["at"] is not None]
        if not done:
            return None
        end = max(done, key=lambda each: each["n"])
        last.append(Moment(end["at"], "person", _event(end), end.get("recorded_at")))
    return max(last, key=lambda each: each.at, default=None)


def _of_task(facts: EventFacts, task: Record) -> list[Record]:
    return [each for each in facts.task_events if each["task_id"] == task["task_id"] and not each["refusal"]]


def _closed_by_devices(facts: EventFacts) -> Moment | None:
    """Return when the last barrier reported that it is closed. One that did not leaves the place open."""
    closing = [each for each in facts.commands if each["verb"] == CLOSE_VERB]
    if not closing or any(each["confirmed_at"] is None for each in closing):
        return None
    end = max(closing, key=lambda each: each["confirmed_at"])
    return Moment(end["confirmed_at"], "device", f"commands {end['command_id']}")


def _dry(facts: EventFacts) -> Moment | None:
    at = facts.warning.get("closed_at")
    return None if at is None else Moment(at, "engine", f"warnings {facts.warning['warning_id']}")


def _reopened(facts: EventFacts) -> Moment | None:
    at = facts.incident.get("reopened_at") if facts.incident else None
    return None if at is None else Moment(at, "person", f"incidents {facts.warning['warning_id']}")


FINDERS: Mapping[str, Callable[[EventFacts], Moment | None]] = {
    "water": _water,
    "warned": _warned,
    "informed": _sent,
    "delivered": _delivered,
    "received": _answered("received"),
    "accepted": _answered("accepted"),
    "on_site": _arrived,
    "closed": _closed,
    "dry": _dry,
    "reopened": _reopened,
}

MEASURES: Mapping[str, tuple[str, str]] = {
    "margin": ("closed", "water"),
    "warned_before_water": ("warned", "water"),
    "informed_after_warned": ("warned", "informed"),
    "delivered_after_warned": ("warned", "delivered"),
    "accepted_after_warned": ("warned", "accepted"),
    "on_site_after_accepted": ("accepted", "on_site"),
    "closed_after_warned": ("warned", "closed"),
    "dry_after_water": ("water", "dry"),
    "reopened_after_dry": ("dry", "reopened"),
}
"""Times between two moments: from, to. Margin is the time by which the place was closed before the water."""


def measures_of(moments: Mapping[str, Moment | None]) -> dict[str, dict[str, Any]]:
    """Return the times between moments, seconds; `missing` names the moments that are not on record."""
    found: dict[str, dict[str, Any]] = {}
    for name, (begin, end) in MEASURES.items():
        first, last = moments[begin], moments[end]
        missing = [each for each in (begin, end) if moments[each] is None]
        seconds = (last.at - first.at).total_seconds() if first and last else None
        found[name] = {"from": begin, "to": end, "seconds": seconds, "missing": missing}
    return found
