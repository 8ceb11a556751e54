"""The chain of a drill, from warned to reopened: its times, and which steps were lost.

Everything is read from event reports.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from rencheng.domain.level import Level

Report = Mapping[str, Any]
"""The document of an event report, as it is stored."""

LINKS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "informed 告知": ("warned", ("informed",)),
    "answered 应答": ("warned", ("received", "accepted", "on_site")),
    "on site 到岗": ("warned", ("on_site",)),
    "closed 封闭": ("warned", ("closed",)),
    "dry 解除": ("warned", ("dry",)),
    "reopened 开放": ("dry", ("reopened",)),
}
"""By link: from which moment, and the moments of which the first one counts."""

_ANSWERS = LINKS["answered 应答"][1]
_ENDED = {"done", "checked", "cancelled"}
_COMMAND_RUNS = {"asked", "approved", "sent", "accepted"}


@dataclass(frozen=True, slots=True)
class LinkTimes:
    """The times of a link over all warnings, seconds.

    Attributes:
        n: warnings in which both moments are on record.
        missing: warnings in which one is not.
    """

    link: str
    after: str
    p50_s: float | None
    p90_s: float | None
    n: int
    missing: int


def chain_times(reports: Sequence[Report]) -> list[LinkTimes]:
    """Return the times of every link. Closing and reopening count only where the plan closes the place."""
    found = []
    for link, (begin, ends) in LINKS.items():
        counted = [each for each in reports if closes(each) or not {"closed", "reopened"} & set(ends)]
        times = [link_seconds(each, link) for each in counted if is_called(each)]
        known = sorted(each for each in times if each is not None)
        p50, p90 = (percentile(known, share) for share in (0.5, 0.9))
        found.append(LinkTimes(link, begin, p50, p90, len(known), len(times) - len(known)))
    return found


def lost_steps(report: Report) -> list[str]:
    """Return which steps of a warning were lost; empty if the chain is whole, or the level calls nobody."""
    if not is_called(report):
        return []
    moments, calls = report["moments"], report["calls"]
    lost = [
        text
        for is_lost, text in (
            (not report["informed"]["receivers"], "no dispatch was made"),
            (moments["informed"] is None, "no message was sent"),
            (calls is None, "nobody was called"),
            (calls is not None and not any(map(moments.get, _ANSWERS)), "the call ended in nobody"),
            (moments["on_site"] is None and bool(report["tasks"]), "nobody was on site"),
            (moments["closed"] is None and closes(report), "the place was not closed"),
            (moments["dry"] is None, "the warning did not end"),
            (moments["reopened"] is None and closes(report), "the place was not reopened"),
            (not report["tasks"], "no task was generated"),
        )
        if is_lost
    ]
    lost += [f"the task {each['task']} has no end: {each['state']}" for each in report["tasks"] if _is_open(each)]
    lost += [
        f"the command {each['verb']} to {each['device_id']} has no end: {each['state']}"
        for each in report["commands"]
        if each["state"] in _COMMAND_RUNS
    ]
    return lost


def is_called(report: Report) -> bool:
    """Return whether the warning reached a level at which people are called."""
    return bool(report["peak_level"] >= Level.YELLOW)


def closes(report: Report) -> bool:
    """Return whether the plan closes the place at the level that the warning reached."""
    closing = report["closing"]
    return closing is not None and Level.parse(closing["level"]) <= report["peak_level"]


def _is_open(task: Mapping[str, Any]) -> bool:
    return task["state"] not in _ENDED or (task["state"] == "done" and task["signatures_needed"] > 0)


def link_seconds(report: Report, link: str) -> float | None:
    """Return the time of a link, seconds; None if one of its moments is not on record."""
    begin, ends = LINKS[link]
    first, *times = (_moment(report, name) for name in (begin, *ends))
    known = [each for each in times if each is not None]
    return (min(known) - first).total_seconds() if known and first is not None else None


def _moment(report: Report, name: str) -> datetime | None:
    found = report["moments"][name]
    return None if found is None else datetime.fromisoformat(found["at"])


def percentile(ordered: Sequence[float], share: float) -> float | None:
    """Return a percentile by the nearest rank; None of nothing."""
    return ordered[ceil(share * len(ordered)) - 1] if ordered else None
