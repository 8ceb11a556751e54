"""The JSON form is complete, is strict JSON, and agrees with the CAP document."""

import json
from datetime import datetime

from hypothesis import given

from rencheng.cap import xml
from rencheng.cap.render import render
from rencheng.domain.site import Site
from rencheng.domain.warning import MessageType, WarningMessage
from rencheng.messages.warning_json import warning_document
from rencheng.text.sentences import compose
from tests.support.cap_messages import PUBLISHER, example_chain, example_site, warnings


def test_a_cancelled_warning_has_the_level_that_ended() -> None:
    made = warning_document(compose(example_chain()[2], example_site(), PUBLISHER))

    assert made["level"] == "orange"
    assert made["in_force"] is False
    assert made["certainty"] == "Observed"
    assert made["references"] == ["w-20260701-0001-1", "w-20260701-0001-2"]


def test_an_alert_in_full() -> None:
    made = warning_document(compose(example_chain()[0], example_site(), PUBLISHER))

    assert {name: value for name, value in made.items() if name not in {"headline", "description", "instruction"}} == {
        "identifier": "w-20260701-0001-1",
        "warning_id": "w-20260701-0001",
        "sequence": 1,
        "msg_type": "Alert",
        "status": "Actual",
        "world": "actual",
        "in_force": True,
        "site": {
            "id": "jn-jingshi-underpass",
            "name_zh": "经十路下穿通道",
            "name_en": "Jingshi Road underpass",
            "type": "underpass",
            "region": "370102",
            "latitude": 36.6512,
            "longitude": 117.0651,
        },
        "level": "orange",
        "certainty": "Likely",
        "issued_at": "2026-07-01T16:05:00+08:00",
        "expires_at": "2026-07-02T04:05:00+08:00",
        "grounds": {
            "rule": "predicted",
            "device_id": "wl-0107",
            "depth_mm": 104.0,
            "rise_mm_per_min": 12.0,
            "threshold_mm": 200.0,
            "eta_s": 480.0,
            "profile_version": 3,
            "corroborates": [],
            "contradicts": [],
            "probability": None,
            "within": [],
            "earliest_s": None,
            "latest_s": None,
            "judged_by": "",
            "attribution": [],
            "gauges": [],
            "rain_quarter_mm": None,
            "rain_hour_mm": None,
            "rain_storms": None,
            "rain_floods": None,
            "rain_window_s": None,
            "rain_critical_mm": None,
            "armed_by": "",
            "armed_by_source": "",
            "rapid_rises_nearby": None,
            "is_unconfirmed": False,
            "confirmed_by": "",
            "age_s": None,
            "jump_evidence": [],
            "gauge_mm": None,
            "horizon_s": None,
            "usual_mm": None,
            "pumps": [],
            "tide_s": None,
        },
        "references": [],
        "web": "https://rencheng.city.example/warnings/w-20260701-0001",
    }


@given(warnings())
def test_it_is_strict_json_and_agrees_with_cap(made: tuple[WarningMessage, Site]) -> None:
    message, site = made
    json_form = warning_document(compose(message, site, PUBLISHER))
    alert = xml.parse(render(compose(message, site, PUBLISHER)))
    _, chinese = next(xml.infos(alert))

    assert json.loads(json.dumps(json_form, allow_nan=False)) == json_form
    assert [each["probability"] for each in json_form["grounds"]["within"]] == list(message.grounds.within)
    assert json_form["in_force"] is (message.message_type is not MessageType.CANCEL)
    assert json_form["issued_at"] == xml.text(alert, "sent")
    assert datetime.fromisoformat(str(json_form["issued_at"])) == message.issued_at
    assert json_form["status"] == xml.text(alert, "status")
    assert json_form["certainty"] == xml.text(chinese, "certainty")
    headline = json_form["headline"]
    assert isinstance(headline, dict)
    assert headline["zh"] == xml.text(chinese, "headline")
