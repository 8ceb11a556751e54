"""CAP documents: valid by the standard's schema and by the rule layer, whatever the message."""

import math
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given

from rencheng.cap import area, parse
from rencheng.cap.render import NAMESPACE, VALID_FOR, render
from rencheng.cap.validation import advice, broken_rules
from rencheng.domain.level import Level
from rencheng.domain.site import Site
from rencheng.domain.warning import MessageType, WarningMessage
from rencheng.text.formatting import place_en, place_zh, stamp
from tests.alerts.cap_strategies import PUBLISHER, example_chain, example_site, schema_accepts_it, warnings

GOLDEN = Path(__file__).parent.parent / "golden" / "cap"


@given(warnings())
def test_every_message_is_valid_by_schema_and_by_rules(made: tuple[WarningMessage, Site]) -> None:
    xml = render(*made, PUBLISHER)

    assert schema_accepts_it(xml)
    assert broken_rules(xml) == []
    assert advice(xml) == []


@given(warnings())
def test_what_goes_in_can_be_read_back(made: tuple[WarningMessage, Site]) -> None:
    message, site = made
    alert = ET.fromstring(render(message, site, PUBLISHER))  # noqa: S314 - written a line above

    assert parse.text(alert, "identifier") == message.identifier
    assert parse.text(alert, "sender") == PUBLISHER.sender
    assert parse.moment(parse.text(alert, "sent")) == message.issued_at
    assert parse.text(alert, "msgType") == message.message_type
    assert parse.text(alert, "status") == ("Actual" if message.world == "actual" else "Exercise")
    assert parse.text(alert, "incidents") == message.warning_id
    triples = [(PUBLISHER.sender, identifier, sent) for identifier, sent in message.references]
    assert parse.references(alert) == triples


@given(warnings())
def test_both_infos_carry_the_numbers(made: tuple[WarningMessage, Site]) -> None:
    message, site = made
    grounds = message.grounds
    alert = ET.fromstring(render(message, site, PUBLISHER))  # noqa: S314
    infos = [info for _, info in parse.infos(alert)]

    assert [parse.text(info, "language") for info in infos] == ["zh-CN", "en-US"]
    for info in infos:
        said = dict(parse.pairs(info, "parameter"))
        assert Level.parse(said["cn:warningColor"]) is message.level
        assert float(said["rencheng:depth_mm"]) == pytest.approx(message.grounds.depth_mm, abs=0.051)
        assert float(said["rencheng:threshold_mm"]) == pytest.approx(message.grounds.threshold_mm, abs=0.051)
        assert ("rencheng:rise_mm_per_min" in said) == (message.grounds.rise_mm_per_min is not None)
        assert ("rencheng:eta_s" in said) == (message.grounds.eta_s is not None)
        by_horizon = [
            float(said[f"rencheng:probability_within_{s}_s"]) for s in (300, 600, 900, 1800) if grounds.within
        ]
        assert by_horizon == pytest.approx(list(grounds.within), abs=0.0051)
        assert said["rencheng:profile_version"] == str(message.grounds.profile_version)
        assert said["rencheng:sequence"] == str(message.sequence)
        assert said["rencheng:site_type"] == site.site_type
        assert parse.moment(parse.text(info, "expires")) == message.issued_at + VALID_FOR


@given(warnings())
def test_the_area_is_the_circle_of_the_site(made: tuple[WarningMessage, Site]) -> None:
    message, site = made
    alert = ET.fromstring(render(message, site, PUBLISHER))  # noqa: S314
    areas = [area for _, area in parse.areas(alert)]

    assert [area.findtext(f"{{{NAMESPACE}}}areaDesc") for area in areas] == [place_zh(site), place_en(site)]
    assert parse.pairs(areas[0], "geocode") == [("GB/T 2260", site.region)]
    circle = parse.circle(parse.text(areas[0], "circle"))
    assert circle is not None
    (latitude, longitude), radius_km = circle
    assert latitude == pytest.approx(site.latitude, abs=1e-6)
    assert longitude == pytest.approx(site.longitude, abs=1e-6)
    assert radius_km * 1000 == pytest.approx(max(site.radius_m, 10.0), abs=0.51)
    ring = parse.polygon(parse.text(areas[0], "polygon"))
    assert ring is not None
    assert len(ring) == 17
    north_m, east_m = area.degree_lengths_m(site.latitude)
    for north, east in ring:
        away_m = ((north - site.latitude) * north_m) ** 2 + ((east - site.longitude) * east_m) ** 2
        assert away_m**0.5 == pytest.approx(max(site.radius_m, 10.0), abs=0.2)


def test_a_degree_in_jinan_is_as_long_as_on_wgs_84() -> None:
    # the usual series for the arcs of WGS 84, another way than the radii of curvature in the code
    at = math.radians(36.65)
    north_m, east_m = area.degree_lengths_m(36.65)

    assert north_m == pytest.approx(111132.954 - 559.822 * math.cos(2 * at) + 1.175 * math.cos(4 * at), abs=0.1)
    assert east_m == pytest.approx(
        111412.84 * math.cos(at) - 93.5 * math.cos(3 * at) + 0.118 * math.cos(5 * at), abs=0.1
    )


@pytest.mark.parametrize("golden", ["alert", "update", "cancel"])
def test_golden_documents_are_current(golden: str) -> None:
    """On a wanted change, write the new text of `serialise` over the file and read the difference."""
    message = dict(zip(["alert", "update", "cancel"], example_chain(), strict=True))[golden]
    written = render(message, example_site(), PUBLISHER)

    assert written == (GOLDEN / f"{golden}.xml").read_text(encoding="utf-8")


def test_a_chain_refers_to_all_that_came_before() -> None:
    documents = [ET.fromstring(render(message, example_site(), PUBLISHER)) for message in example_chain()]  # noqa: S314
    sent = [
        (parse.text(alert, "sender"), parse.text(alert, "identifier"), parse.moment(parse.text(alert, "sent")))
        for alert in documents
    ]

    assert [parse.references(alert) for alert in documents] == [[], sent[:1], sent[:2]]
    assert {parse.text(alert, "incidents") for alert in documents} == {"w-20260701-0001"}


def test_a_cancel_is_an_all_clear_of_what_ended() -> None:
    alert = ET.fromstring(render(example_chain()[2], example_site(), PUBLISHER))  # noqa: S314

    for _, info in parse.infos(alert):
        names = ("responseType", "urgency", "severity", "certainty")
        assert [parse.text(info, name) for name in names] == ["AllClear", "Past", "Severe", "Observed"]


def test_times_are_written_with_the_local_offset() -> None:
    assert stamp(datetime(2026, 7, 1, 16, 30, 59, 999999, tzinfo=UTC)) == "2026-07-02T00:30:59+08:00"


@pytest.mark.parametrize(
    ("changes", "said"),
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
def test_a_message_that_contradicts_itself_is_refused(changes: dict[str, object], said: str) -> None:
    unfit = replace(example_chain()[1], **changes)  # type: ignore[arg-type]

    with pytest.raises(ValueError, match=said):
        render(unfit, example_site(), PUBLISHER)


@pytest.mark.parametrize("changes", [{"latitude": float("nan")}, {"longitude": 181.0}, {"radius_m": float("inf")}])
def test_a_site_that_lies_nowhere_is_refused(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="lies nowhere"):
        render(example_chain()[0], replace(example_site(), **changes), PUBLISHER)  # type: ignore[arg-type]


def test_control_characters_cannot_reach_a_document() -> None:
    with pytest.raises(ValueError, match="control character"):
        render(example_chain()[0], replace(example_site(), region="3701\x0002"), PUBLISHER)


@pytest.mark.parametrize("earlier", range(6))
def test_a_message_may_have_any_number_of_earlier_ones(earlier: int) -> None:
    alert, update, _ = example_chain()
    message = replace(update, references=((alert.identifier, alert.issued_at),) * earlier) if earlier else alert
    xml = render(message, example_site(), PUBLISHER)

    assert xml.count(",w-20260701-0001-1,") == earlier
    assert (message.message_type is MessageType.UPDATE) == bool(earlier)
    assert broken_rules(xml) == []


@pytest.mark.parametrize(
    ("corners", "drawn"),
    [
        (((36.1, 117.1), (36.2, 117.1), (36.2, 117.2)), True),
        (((36.1, 117.1), (36.2, 117.1), (36.2, 117.2), (36.1, 117.1)), True),
        (((36.1, 117.1), (36.2, 117.2), (36.1, 117.2), (36.2, 117.1)), False),  # crosses itself
        (((36.1, 117.1), (36.1, 117.1), (36.10000001, 117.1)), False),  # no area
        ((), False),
    ],
)
def test_a_drawn_area_stands_in_the_message_if_anybody_could_say_what_is_inside(
    corners: tuple[tuple[float, float], ...], drawn: bool
) -> None:
    message, site = example_chain()[0], example_site()
    xml = render(message, replace(site, polygon=corners), PUBLISHER)
    ring = " ".join(f"{north:.6f},{east:.6f}" for north, east in (*corners[:3], corners[0])) if corners else "none"

    assert schema_accepts_it(xml)
    assert broken_rules(xml) == []
    assert (f"<polygon>{ring}</polygon>" in xml) is drawn
    assert ("<circle>" in xml) is not drawn
