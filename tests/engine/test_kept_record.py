"""The JSON form of a site's record, and that of release 0.1, which a service reads after its update."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from rencheng.domain.reading import WaterReading
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.forecast.shipped import street_model
from rencheng.engine.kept_record import migrated
from rencheng.engine.record import SiteRecord
from tests.support.evaluation import messages_of

KEPT = Path(__file__).parents[1] / "golden" / "kept" / "site_record_0_1.json"
"""A record that release 0.1 kept, the readings that followed, and the messages that release 0.1 issued for them."""

WAIT = timedelta(seconds=90)
SITE = Site(
    site_id="S",
    name_zh="示例",
    name_en="Example",
    site_type=SiteType.ROAD,
    region="370102",
    latitude=36.65,
    longitude=117.02,
    profile=default_profile(SiteType.ROAD),
    world="exercise-1",
    sensors=(
        BoundSensor("G1"),
        BoundSensor("G2"),
        BoundSensor("G3", lowest_point_height_mm=40.0),
        BoundSensor("R", Role.RAIN),
    ),
)


@pytest.fixture
def kept() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
    return found


def readings(kept: dict[str, Any]) -> list[WaterReading]:
    return [
        WaterReading(device_id, 0, datetime.fromisoformat(time), depth_mm, rain_mm)
        for time, device_id, depth_mm, rain_mm in kept["readings"]
    ]


def play(record: SiteRecord, following: list[WaterReading]) -> list[list[object]]:
    evaluator = Evaluator(street_model(), wait=WAIT)
    evaluator.set_sites({"S": SITE})
    evaluator.restore({"S": record})
    return [
        [
            m.identifier,
            m.message_type.value,
            m.level.word,
            m.issued_at.isoformat(),
            m.grounds.rule,
            m.grounds.probability,
        ]
        for one in following
        for m in messages_of(evaluator, one, one.time)
    ]


def test_a_record_of_release_0_1_gives_the_messages_that_release_0_1_gave(kept: dict[str, Any]) -> None:
    record = SiteRecord.from_json(kept["record"])

    assert kept["messages"]
    assert play(record, readings(kept)) == kept["messages"]


def test_a_record_of_release_0_1_is_read_whole(kept: dict[str, Any]) -> None:
    record = SiteRecord.from_json(kept["record"])
    state, old = record.state, kept["record"]["state"]
    g1, g2, g3 = (state.gauges[f"{name}/0"] for name in ("G1", "G2", "G3"))

    assert (state.level.word, state.watermark_s) == ("red", old["watermark_s"])
    assert (state.rain.armed_s, len(state.rain.steps)) == (old["rain"][2], 8)
    assert state.last_rapid_rise_s == old["swift_s"]
    assert state.lost_since_s is None
    assert g1.event is not None
    assert (g1.event.peak_mm, len(g1.past_events), g1.fell_s) == (302.0, 1, None)
    assert g1.forecast is not None
    assert g1.forecast.judged_by == "street-3"
    assert g2.pending_jump is not None
    assert (g2.pending_jump.from_mm, g2.pending_jump.first_mm) == (0.0, 500.0)
    assert (g3.health.fault, g3.health.fault_score, g3.health.fault_since_s) == ("spiky", 8.0, g3.health.at_s)
    assert (g1.health.at_s, g1.health.fault_s, g1.health.top_mm) == (None, None, None)
    assert record.open_warning is not None
    assert len(record.open_warning.sent) == len(kept["record"]["standing"]["said"])
    assert [one.at for one in record.pending] == sorted(one.at for one in record.pending)
    assert len(record.pending) == len(kept["record"]["waiting"]) > 0


def test_a_record_of_today_comes_back_as_it_was_under_the_names_of_its_fields(kept: dict[str, Any]) -> None:
    record = SiteRecord.from_json(kept["record"])
    new = json.loads(json.dumps(record.to_json()))

    assert SiteRecord.from_json(new) == record
    assert {*new} == {"world", "state", "open_warning", "pending"}
    assert {*new["state"]["gauges"]["G2/0"]["pending_jump"]} >= {"from_mm", "jumps", "from_water"}
    assert play(SiteRecord.from_json(new), readings(kept)) == kept["messages"]


def test_a_site_that_release_0_1_had_reported_lost_stays_so(kept: dict[str, Any]) -> None:
    kept["record"]["state"]["is_lost"] = True

    assert SiteRecord.from_json(kept["record"]).state.lost_since_s == kept["record"]["state"]["watermark_s"]


def test_the_first_records_had_neither_rapid_rises_nor_pending_readings(kept: dict[str, Any]) -> None:
    old = kept["record"]
    del old["state"]["swift_s"], old["waiting"]

    assert migrated(old)["pending"] == []
    assert SiteRecord.from_json(old).state.last_rapid_rise_s is None
