"""The document of an event report: head, moments, measures, timeline, who was informed, calls, tasks and commands."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from rencheng.response.reports.facts import EventFacts, Record
from rencheng.response.reports.moments import measures_of, moments_of

LATE_RECORD = timedelta(minutes=5)
"""An entry that was recorded later than this after it happened is marked. Source: response reference 4.10."""

FORM = 1
"""The version of this form. A reader of old reports looks at it."""


def event_report(facts: EventFacts) -> dict[str, Any]:
    """Return the report. Everything in it is a row, or is computed from rows; what is not on record is null."""
    moments = moments_of(facts)
    warning = facts.warning
    return {
        "form": FORM,
        "warning_id": warning["warning_id"],
        "world": warning["world"],
        "site": dict(facts.site),
        "peak_level": warning["peak_level"],
        "opened_at": warning["opened_at"],
        "closed_at": warning["closed_at"],
        "thresholds_mm": dict(facts.thresholds),
        "closing": None if facts.closing is None else {"level": facts.closing[0], "depth_mm": facts.closing[1]},
        "inputs_event_id": max((each["event_id"] for each in facts.events), default=None),
        "plan": None if facts.incident is None else [facts.incident["plan_id"], facts.incident["plan_version"]],
        "moments": {name: None if each is None else asdict(each) for name, each in moments.items()},
        "measures": measures_of(moments),
        "water": _water(facts),
        "timeline": _timeline(facts),
        "informed": _informed(facts.dispatches),
        "calls": _calls(facts),
        "tasks": [_task(facts, each) for each in facts.tasks],
        "commands": [dict(each) for each in facts.commands],
        "remarks": dict(facts.remarks),
    }


def _water(facts: EventFacts) -> dict[str, Any]:
    """Return the deepest water, the rain, and the readings by gauge for a chart."""
    deepest = max(facts.depths, key=lambda each: each["depth_mm"], default=None)
    rain: dict[str, list[float]] = defaultdict(list)
    for each in facts.rain:
        rain[each["device_id"]].append(each["rain_mm"])
    series: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
    for each in facts.depths:
        series[each["device_id"]].append((each["time"], each["depth_mm"]))
    return {
        "peak_mm": deepest and deepest["depth_mm"],
        "peak_at": deepest and deepest["time"],
        "readings": len(facts.depths),
        "rain_mm": {name: round(sum(fallen), 3) for name, fallen in rain.items()},
        "series": dict(series),
    }


def _timeline(facts: EventFacts) -> list[dict[str, Any]]:
    """Return what happened in order of time; what was recorded late is marked."""
    lines = [
        *(_line(each, "issued_at", "engine", f"{each['message_type']} {each['level']}") for each in facts.events),
        *(_line(each, "at", "person", f"{each['person_id']}: {each['kind']}") for each in facts.answers),
        *(_line(each, "at", each["actor"], f"task {each['task_id']}: {each['kind']}") for each in facts.task_events),
        *(
            _line(each, "at", each["person_id"], f"task {each['task_id']}: {each['kind']} {each['note']}".strip())
            for each in facts.evidence
        ),
        *(_line(each, "sent_at", "dispatch", f"{each['kind']} {each['owner']}") for each in facts.dispatches),
        *(_line(each, "asked_at", "device", f"{each['device_id']}: {each['verb']}") for each in facts.commands),
        *(_line(each, "confirmed_at", "device", f"{each['device_id']}: done") for each in facts.commands),
    ]
    known = [line for line in lines if line["at"] is not None]
    return sorted(known, key=lambda line: (line["at"], line["source"], line["what"]))


def _line(row: Record, at: str, source: str, what: str) -> dict[str, Any]:
    happened, recorded = row[at], row.get("recorded_at")
    is_late = happened is not None and recorded is not None and recorded - happened > LATE_RECORD
    return {"at": happened, "source": source, "what": what, "recorded_late": is_late}


def _informed(dispatches: Iterable[Record]) -> dict[str, Any]:
    """Return how many messages reached which state, by channel, and for each receiver the last one."""
    by_kind: dict[str, Counter[str]] = defaultdict(Counter)
    receivers: dict[str, dict[str, Any]] = {}
    for each in dispatches:
        by_kind[each["kind"]][each["state"]] += 1
        receivers[f"{each['owner']} {each['kind']}"] = {
            "owner": each["owner"],
            "kind": each["kind"],
            "purpose": each["purpose"],
            "state": each["state"],
            "sent_at": each["sent_at"],
            "delivered_at": each["delivered_at"],
        }
    return {
        "by_channel": {kind: dict(counts) for kind, counts in sorted(by_kind.items())},
        "receivers": [receivers[name] for name in sorted(receivers)],
    }


def _calls(facts: EventFacts) -> dict[str, Any] | None:
    if facts.call is None:
        return None
    answers = [{name: each[name] for name in ("person_id", "kind", "round", "via", "at")} for each in facts.answers]
    return {"state": facts.call["state"], "rounds": facts.call["round"], "answers": answers}


def _task(facts: EventFacts, task: Record) -> dict[str, Any]:
    template: Mapping[str, Any] = task["template"]
    own = [each for each in facts.task_events if each["task_id"] == task["task_id"] and not each["refusal"]]
    done = [each["at"] for each in own if each["kind"] == "Finished"]
    done_at = done[-1] if done and task["state"] in {"done", "checked"} else None
    late_s = None if done_at is None else (done_at - task["due_at"]).total_seconds()
    proofs = Counter(each["kind"] for each in facts.evidence if each["task_id"] == task["task_id"])
    return {
        "task_id": task["task_id"],
        "task": template["template_id"],
        "title_zh": template["title_zh"],
        "title_en": template["title_en"],
        "role": template["role"],
        "state": task["state"],
        "person_id": task["person_id"],
        "due_at": task["due_at"],
        "done_at": done_at,
        "late_s": late_s,
        "evidence": dict(proofs),
        "signatures_needed": template.get("signatures", 0),
        "reason": task["reason"],
    }
