"""CAP documents are valid by schema and by rules, for any message."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given

from rencheng.cap import geometry, xml
from rencheng.cap.mapping import VALID_FOR
from rencheng.cap.references import references_of
from rencheng.cap.render import render
from rencheng.cap.validation import recommendations, violations
from rencheng.domain.level import Level
from rencheng.domain.site import Site
from rencheng.domain.warning import MessageType, WarningMessage
from rencheng.text.formatting import place_en, place_zh, stamp
from rencheng.text.sentences import compose
from tests.support.cap_messages import PUBLISHER, example_chain, example_site, schema_accepts_it, warnings

GOLDEN = Path(__file__).parent.parent / "golden" / "cap"


@given(warnings())
def test_every_message_is_valid_by_schema_and_by_rules(made: tuple[WarningMessage, Site]) -> None:
    xml = render(compose(*made, PUBLISHER))

    assert schema_accepts_it(xml)
    assert violations(xml) == []
    assert recommendations(xml) == []


@given(warnings())
def test_a_message_can_be_read_back(made: tuple[WarningMessage, Site]) -> None:
    message, site = made
    alert = ET.fromstring(render(compose(message, site, PUBLISHER)))  # noqa: S314 - written a line above

    assert xml.text(alert, "identifier") == message.identifier
    assert xml.text(alert, "sender") == PUBLISHER.sender
    assert xml.parse_time(xml.text(alert, "sent")) == message.issued_at
    assert xml.text(alert, "msgType") == message.message_type
    assert xml.text(alert, "status") == ("Actual" if message.world == "actual" else "Exercise")
    assert xml.text(alert, "incidents") == message.warning_id
    triples = [(PUBLISHER.sender, identifier, sent) for identifier, sent in message.references]
    assert [reference[1:] for reference in references_of(alert)] == triples


@given(warnings())
def test_both_infos_carry_the_numbers(made: tuple[WarningMessage, Site]) -> None:
    message, site = made
    grounds = message.grounds
    alert = ET.fromstring(render(compose(message, site, PUBLISHER)))  # noqa: S314
    infos = [info for _, info in xml.infos(alert)]

    assert [xml.text(info, "language") for info in infos] == ["zh-CN", "en-US"]
    for info in infos:
        parameters = dict(xml.pairs(info, "parameter"))
        assert Level.parse(parameters["cn:warningColor"]) is message.level
        depth = parameters.get("rencheng:depth_mm")  # no data is never zero
        assert (None if depth is None else float(depth)) == pytest.approx(message.grounds.depth_mm, abs=0.051)
        assert float(parameters["rencheng:threshold_mm"]) == pytest.approx(message.grounds.threshold_mm, abs=0.051)
        assert ("rencheng:rise_mm_per_min" in parameters) == (message.grounds.rise_mm_per_min is not None)
        assert ("rencheng:eta_s" in parameters) == (message.grounds.eta_s is not None)
        by_horizon = [
            float(parameters[f"rencheng:probability_within_{s}_s"]) for s in (300, 600, 900, 1800) if grounds.within
        ]
        assert by_horizon == pytest.approx(list(grounds.within), abs=0.0051)
        assert parameters["rencheng:profile_version"] == str(message.grounds.profile_version)
        assert parameters["rencheng:sequence"] == str(message.sequence)
        assert parameters["rencheng:site_type"] == site.site_type
        assert xml.parse_time(xml.text(info, "expires")) == message.issued_at + VALID_FOR


@given(warnings())
def test_the_area_is_the_circle_of_the_site(made: tuple[WarningMessage, Site]) -> None:
    message, site = made
    alert = ET.fromstring(render(compose(message, site, PUBLISHER)))  # noqa: S314
    areas = [area for _, area in xml.areas(alert)]

    assert [xml.text(area, "areaDesc") for area in areas] == [place_zh(site), place_en(site)]
    assert xml.pairs(areas[0], "geocode") == [("GB/T 2260", site.region)]
    circle = xml.parse_circle(xml.text(areas[0], "circle"))
    assert circle is not None
    (latitude, longitude), radius_km = circle
    assert latitude == pytest.approx(site.latitude, abs=1e-6)
    assert longitude == pytest.approx(site.longitude, abs=1e-6)
    assert radius_km * 1000 == pytest.approx(max(site.radius_m, 10.0), abs=0.51)
    ring = xml.parse_polygon(xml.text(areas[0], "polygon"))
    assert ring is not None
    assert len(ring) == 17
    north_m, east_m = geometry.degree_lengths_m(site.latitude)
    for north, east in ring:
        away_m = ((north - site.latitude) * north_m) ** 2 + ((east - site.longitude) * east_m) ** 2
        assert away_m**0.5 == pytest.approx(max(site.radius_m, 10.0), abs=0.2)


@pytest.mark.parametrize("golden", ["alert", "update", "cancel"])
def test_golden_documents_are_current(golden: str) -> None:
    """On an intended change, write the new text of `render` over the file and read the difference."""
    message = dict(zip(["alert", "update", "cancel"], example_chain(), strict=True))[golden]
    written = render(compose(message, example_site(), PUBLISHER))

    assert written == (GOLDEN / f"{golden}.xml").read_text(encoding="utf-8")


def test_a_chain_refers_to_all_that_came_before() -> None:
    documents = [ET.fromstring(render(compose(message, example_site(), PUBLISHER))) for message in example_chain()]  # noqa: S314
    sent = [
        (xml.text(alert, "sender"), xml.text(alert, "identifier"), xml.parse_time(xml.text(alert, "sent")))
        for alert in documents
    ]

    assert [[reference[1:] for reference in references_of(alert)] for alert in documents] == [[], sent[:1], sent[:2]]
    assert {xml.text(alert, "incidents") for alert in documents} == {"w-20260701-0001"}


def test_a_cancel_is_an_all_clear_of_what_ended() -> None:
    alert = ET.fromstring(render(compose(example_chain()[2], example_site(), PUBLISHER)))  # noqa: S314

    for _, info in xml.infos(alert):
        names = ("responseType", "urgency", "severity", "certainty")
        assert [xml.text(info, name) for name in names] == ["AllClear", "Past", "Severe", "Observed"]


def test_times_are_written_with_the_local_offset() -> None:
    assert stamp(datetime(2026, 7, 1, 16, 30, 59, 999999, tzinfo=UTC)) == "2026-07-02T00:30:59+08:00"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"references": ()}, "without references"),
        ({"references": (("w-20260701-0001-2", datetime(2026, 7, 1, tzinfo=UTC)),)}, "refers to itself"),
        ({"references": (("later", datetime(2027, 7, 1, tzinfo=UTC)),)}, "issued after it"),
        ({"references": (("two words", datetime(2026, 7, 1, tzinfo=UTC)),)}, "no spaces"),
        ({"identifier": "a,b"}, "no spaces"),
        ({"warning_id": "a\x00b"}, "control characters"),
        ({"level": Level.NONE}, "no colour"),
        ({"site_id": "elsewhere"}, "not 'jn-jingshi-underpass'"),
        ({"world": "drill"}, "never mix"),
        ({"issued_at": datetime(2026, 7, 1)}, "no offset"),  # noqa: DTZ001 - that is the point
        ({"grounds": replace(example_chain()[1].grounds, depth_mm=float("nan"))}, "not finite"),
    ],
)
def test_a_message_that_contradicts_itself_is_rejected(changes: dict[str, object], error: str) -> None:
    unfit = replace(example_chain()[1], **changes)  # type: ignore[arg-type]

    with pytest.raises(ValueError, match=error):
        render(compose(unfit, example_site(), PUBLISHER))


@pytest.mark.parametrize("changes", [{"latitude": float("nan")}, {"longitude": 181.0}, {"radius_m": float("inf")}])
def test_a_site_without_a_valid_position_is_rejected(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="no valid position"):
        render(compose(example_chain()[0], replace(example_site(), **changes), PUBLISHER))  # type: ignore[arg-type]


def test_control_characters_cannot_reach_a_document() -> None:
    with pytest.raises(ValueError, match="control character"):
        render(compose(example_chain()[0], replace(example_site(), region="3701\x0002"), PUBLISHER))


@pytest.mark.parametrize("earlier", range(6))
def test_a_message_may_have_any_number_of_earlier_ones(earlier: int) -> None:
    alert, update, _ = example_chain()
    message = replace(update, references=((alert.identifier, alert.issued_at),) * earlier) if earlier else alert
    xml = render(compose(message, example_site(), PUBLISHER))

    assert xml.count(",w-20260701-0001-1,") == earlier
    assert (message.message_type is MessageType.UPDATE) == bool(earlier)
    assert violations(xml) == []


@pytest.mark.parametrize(
    ("corners", "drawn"),
    [
        (((36.1, 117.1), (36.2, 117.1), (36.2, 117.2)), True),
        (((36.1, 117.1), (36.2, 117.1), (36.2, 117.2), (36.1, 117.1)), True),
        (((36.1, 117.1), (36.2, 117.2), (36.1, 117.2), (36.2, 117.1)), False),  # crosses itself
        (((36.1, 117.1), (36.1, 117.10000001), (36.10000001, 117.1)), False),  # no area
        ((), False),
    ],
)
def test_a_drawn_area_is_in_the_message_if_it_is_a_valid_polygon(
    corners: tuple[tuple[float, float], ...], drawn: bool
) -> None:
    message, site = example_chain()[0], example_site()
    xml = render(compose(message, replace(site, polygon=corners), PUBLISHER))
    ring = " ".join(f"{north:.6f},{east:.6f}" for north, east in (*corners[:3], corners[0])) if corners else "none"

    assert schema_accepts_it(xml)
    assert violations(xml) == []
    assert (f"<polygon>{ring}</polygon>" in xml) is drawn
    assert ("<circle>" in xml) is not drawn
