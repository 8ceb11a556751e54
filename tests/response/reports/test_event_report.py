"""Every number of an event report comes from its rows; a moment that is not on record is missing, never 0."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rencheng.response.reports.facts import EventFacts
from rencheng.response.reports.moments import MEASURES, moments_of
from rencheng.response.reports.page import report_page
from rencheng.response.reports.report import event_report

NOON = datetime(2026, 7, 20, 4, tzinfo=UTC)
offsets = st.none() | st.integers(-3600, 3600)
CLOSE = {"template_id": "close", "title_zh": "封", "title_en": "<b>Close</b>", "role": "police", "closes": True}


def at(seconds: int | None) -> datetime | None:
    return None if seconds is None else NOON + timedelta(seconds=seconds)


def facts(**seconds: int | None) -> EventFacts:
    """Return facts in which each moment is on record, or is not."""
    moment = {name: at(value) for name, value in seconds.items()}
    deep = [] if moment["water"] is None else [(moment["water"], 210.0), (moment["water"] + timedelta(1), 400.0)]
    dispatch: dict[str, Any] = {"dispatch_id": "d", "source": "event", "purpose": "warning", "is_end": False}
    dispatch |= {"state": "sent", "level": 4, "kind": "sms", "owner": "<i>ann", "made_at": NOON}
    dispatch |= {"sent_at": moment["informed"], "delivered_at": moment["delivered"]}
    answers = [
        {"person_id": "ann", "kind": kind, "round": 1, "via": "link", "refusal": "", "at": moment[kind]}
        for kind in ("received", "accepted", "on_site")
        if moment[kind] is not None
    ]
    done = {"task_id": 1, "n": 2, "kind": "Finished", "refusal": "", "actor": "ann", "at": moment["closed"]}
    is_closed = moment["closed"] is not None
    task = {"task_id": 1, "state": "done" if is_closed else "open", "person_id": "ann", "due_at": NOON}
    return EventFacts(
        warning={"warning_id": "w", "world": "drill", "peak_level": 4, "opened_at": NOON, "closed_at": moment["dry"]},
        site={"site_id": "u", "name_zh": "下穿", "name_en": "<script>", "type": "underpass", "region": "370102"},
        thresholds={"blue": 50.0, "red": 400.0},
        closing=("orange", 200.0),
        events=[
            {"event_id": 7, "sequence": 1, "message_type": "Alert", "level": 4, "issued_at": moment["warned"]}
            | {"recorded_at": NOON}
        ],
        depths=[{"device_id": "g1", "time": time, "depth_mm": depth} for time, depth in deep],
        dispatches=[dispatch],
        answers=answers,
        incident={"plan_id": "p", "plan_version": 1, "reopened_at": moment["reopened"]},
        tasks=[task | {"template": CLOSE, "reason": ""}],
        task_events=[done] if is_closed else [],
    )


every = st.fixed_dictionaries(
    dict.fromkeys(
        ("water", "warned", "informed", "delivered", "received", "accepted", "on_site", "closed", "dry", "reopened"),
        offsets,
    )
)


@given(every)
@settings(max_examples=150, deadline=None)
def test_every_time_is_the_difference_of_two_rows_or_names_what_is_missing(seconds: dict[str, int | None]) -> None:
    report = event_report(facts(**seconds))
    for begin, end in MEASURES.values():
        [measure] = [one for one in report["measures"].values() if (one["from"], one["to"]) == (begin, end)]
        first, last = seconds[begin], seconds[end]
        if first is None or last is None:
            assert measure["seconds"] is None
            assert measure["missing"] == [name for name in (begin, end) if seconds[name] is None]
        else:
            assert measure["seconds"] == last - first
    page = report_page(report, 1, NOON)
    assert "<script" not in page
    assert "<b>Close" not in page
    assert "演练" in page
    json.dumps(report, default=str)


def test_a_place_is_closed_when_its_last_closing_task_is_done_or_all_of_its_barriers_report_it() -> None:
    base = facts(
        **dict.fromkeys(("warned", "informed", "delivered", "received", "accepted", "on_site"), 0),
        water=300,
        closed=120,
        dry=None,
        reopened=None,
    )
    second = {"task_id": 2, "state": "open", "person_id": None, "due_at": NOON, "template": CLOSE, "reason": ""}
    assert moments_of(base)["closed"] is not None
    assert moments_of(replace(base, tasks=[*base.tasks, second]))["closed"] is None
    barrier = {"command_id": "c", "device_id": "b1", "verb": "barrier.close", "state": "confirmed", "asked_at": NOON}
    seen = moments_of(replace(base, commands=[barrier | {"confirmed_at": at(60)}]))["closed"]
    assert seen is not None
    assert (seen.at, seen.source) == (at(60), "device")
    silent = barrier | {"device_id": "b2", "confirmed_at": None}
    by_people = moments_of(replace(base, commands=[barrier | {"confirmed_at": at(60)}, silent]))["closed"]
    assert by_people is not None
    assert by_people.source == "person"
