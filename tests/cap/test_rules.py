"""Each rule finds the document that breaks it, and no other rule does."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.cap.render import render
from rencheng.cap.rules.info import is_absolute
from rencheng.cap.validation import RECOMMENDATIONS, RULES, recommendations, violations
from rencheng.cap.xml import Rule, parse
from rencheng.text.sentences import compose
from tests.support.cap_messages import PUBLISHER, example_chain, example_site, schema_accepts_it

Change = Callable[[str], str]

GOOD = render(compose(example_chain()[1], example_site(), PUBLISHER))
CENTRE = "36.651200,117.065100"


def put(tag: str, text: str, count: int = 0) -> Change:
    """Set the text of all elements of a name, or of the first `count`."""
    return lambda xml: re.sub(f"<{tag}>[^<]*</{tag}>", f"<{tag}>{text}</{tag}>", xml, count=count)


def drop(tag: str) -> Change:
    return lambda xml: re.sub(rf"\s*<{tag}>.*?</{tag}>", "", xml, flags=re.DOTALL)


def swap(old: str, new: str, count: int = -1) -> Change:
    return lambda xml: xml.replace(old, new, count)


def both(*changes: Change) -> Change:
    def change(xml: str) -> str:
        for one in changes:
            xml = one(xml)
        return xml

    return change


def before(tag: str, more: str) -> Change:
    return lambda xml: xml.replace(f"<{tag}>", f"{more}<{tag}>")


def resource(inner: str) -> Change:
    return before("area", f"<resource><resourceDesc>plan</resourceDesc>{inner}</resource>")


def polygon(*points: str) -> Change:
    return put("polygon", " ".join(points))


def in_xinjiang(xml: str) -> str:
    """Put the longitude first, at a place where it is below 90 degrees and could be a latitude."""
    return both(drop("polygon"), put("circle", "87.616800,43.825600 0.200"))(xml)


SCHEMA_ACCEPTS, SCHEMA_REJECTS = True, False
"""Whether the schema of CAP 1.2 accepts the document, so that only the rule rejects it."""

BREAKS: list[tuple[str, Change, bool]] = [
    ("identifier_and_sender_are_tokens", put("sender", "city example"), SCHEMA_ACCEPTS),
    ("identifier_and_sender_are_tokens", put("identifier", "a,b"), SCHEMA_ACCEPTS),
    ("identifier_and_sender_are_tokens", put("identifier", ""), SCHEMA_ACCEPTS),
    ("times_have_an_offset", put("sent", "2026-07-01T08:14:00Z"), SCHEMA_REJECTS),
    ("times_have_an_offset", put("expires", "2026-07-02 04:14:00+08:00"), SCHEMA_REJECTS),
    ("times_have_an_offset", put("effective", "2026-07-01T08:14:00.5+08:00"), SCHEMA_REJECTS),
    ("restriction_needs_scope_restricted", put("scope", "Public"), SCHEMA_ACCEPTS),
    ("scope_restricted_has_restriction", drop("restriction"), SCHEMA_ACCEPTS),
    ("scope_private_has_addresses", both(put("scope", "Private"), drop("restriction")), SCHEMA_ACCEPTS),
    ("references_are_triples", put("references", "w-20260701-0001-1"), SCHEMA_ACCEPTS),
    ("references_are_triples", put("references", "rencheng@city.example,w-1,yesterday"), SCHEMA_ACCEPTS),
    ("references_are_to_other_messages", swap("w-20260701-0001-1,", "w-20260701-0001-2,"), SCHEMA_ACCEPTS),
    (
        "references_are_earlier",
        swap("0001-1,2026-07-01T16:05:00+08:00", "0001-1,2026-07-01T08:15:00+00:00"),
        SCHEMA_ACCEPTS,
    ),
    ("update_and_cancel_have_references", put("references", ""), SCHEMA_ACCEPTS),
    ("update_and_cancel_have_references", both(put("msgType", "Cancel"), drop("references")), SCHEMA_ACCEPTS),
    ("has_info", drop("info"), SCHEMA_ACCEPTS),
    ("categories_agree", swap("<category>Transport", "<category>Infra", 1), SCHEMA_ACCEPTS),
    ("event_codes_agree", swap("OET-140", "OET-081", 1), SCHEMA_ACCEPTS),
    ("has_description", drop("description"), SCHEMA_ACCEPTS),
    ("has_description", put("description", " ", 1), SCHEMA_ACCEPTS),
    ("has_web", drop("web"), SCHEMA_ACCEPTS),
    ("has_expires", drop("expires"), SCHEMA_ACCEPTS),
    ("has_urgency", drop("urgency"), SCHEMA_REJECTS),
    ("has_severity", drop("severity"), SCHEMA_REJECTS),
    ("has_certainty", drop("certainty"), SCHEMA_REJECTS),
    ("has_area", drop("area"), SCHEMA_ACCEPTS),
    ("effective_before_expires", put("expires", "2026-07-01T16:13:59+08:00"), SCHEMA_ACCEPTS),
    ("effective_before_expires", both(drop("effective"), put("expires", "2026-07-01T16:13:59+08:00")), SCHEMA_ACCEPTS),
    ("languages_are_tags", put("language", "zh_CN", 1), SCHEMA_REJECTS),
    ("languages_differ_in_text", put("instruction", "Keep out."), SCHEMA_ACCEPTS),
    ("languages_differ_in_text", put("event", "积水"), SCHEMA_ACCEPTS),
    ("web_is_absolute", put("web", "/warnings/1"), SCHEMA_ACCEPTS),
    ("texts_have_no_markup", put("instruction", "&lt;b&gt;撤离&lt;/b&gt;", 1), SCHEMA_ACCEPTS),
    ("texts_have_no_markup", put("areaDesc", "Oil &amp;amp; Gas Road"), SCHEMA_ACCEPTS),
    ("mime_type_is_known", resource("<mimeType>picture</mimeType>"), SCHEMA_ACCEPTS),
    ("uri_is_absolute_or_enclosed", resource("<mimeType>image/png</mimeType><uri>plan.png</uri>"), SCHEMA_ACCEPTS),
    ("enclosure_is_base64", resource("<mimeType>image/png</mimeType><derefUri>积水</derefUri>"), SCHEMA_ACCEPTS),
    ("enclosure_is_base64", resource("<mimeType>image/png</mimeType><derefUri>abc</derefUri>"), SCHEMA_ACCEPTS),
    ("area_has_shape_or_geocode", both(drop("polygon"), drop("circle"), drop("geocode")), SCHEMA_ACCEPTS),
    ("polygon_is_list_of_points", put("polygon", "hello"), SCHEMA_ACCEPTS),
    ("polygon_is_list_of_points", put("polygon", ""), SCHEMA_ACCEPTS),
    ("polygon_is_list_of_points", polygon("36.0,117.0", "36.1,117.0", "36.0,117.0"), SCHEMA_ACCEPTS),
    ("polygon_is_list_of_points", polygon("36.0,117.0", "36.1,117.0", "nan,117.1", "36.0,117.0"), SCHEMA_ACCEPTS),
    ("polygon_is_list_of_points", polygon("36.0", "36.1,117.0", "36.1,117.1", "36.0"), SCHEMA_ACCEPTS),
    (
        "polygon_has_at_most_500_corners",
        polygon(*(f"36.{n:04},117.{n * n:07}" for n in range(500)), "37.0,117.0", "36.0000,117.0000000"),
        SCHEMA_ACCEPTS,
    ),
    ("polygon_is_closed", polygon("36.0,117.0", "36.1,117.0", "36.1,117.1", "36.0,117.1"), SCHEMA_ACCEPTS),
    (
        "polygon_does_not_cross_itself",
        polygon("36.0,117.0", "36.1,117.1", "36.1,117.0", "36.0,117.1", "36.0,117.0"),
        SCHEMA_ACCEPTS,
    ),
    (
        "polygon_does_not_cross_itself",  # a corner stands on another side
        polygon("36.0,117.0", "36.2,117.0", "36.2,117.1", "36.1,117.0", "36.0,117.1", "36.0,117.0"),
        SCHEMA_ACCEPTS,
    ),
    ("circle_is_point_and_radius", put("circle", "hello"), SCHEMA_ACCEPTS),
    ("circle_is_point_and_radius", put("circle", "36.6512,117.0651,0.2"), SCHEMA_ACCEPTS),
    ("circle_is_point_and_radius", put("circle", "36.6512,117.0651 wide"), SCHEMA_ACCEPTS),
    ("radius_is_not_negative", put("circle", f"{CENTRE} -0.200"), SCHEMA_ACCEPTS),
    ("coordinates_are_in_range", put("circle", "117.0651,36.6512 0.200"), SCHEMA_ACCEPTS),
    (
        "coordinates_are_in_range",
        polygon("117.0,36.0", "117.0,36.1", "117.1,36.1", "117.0,36.0"),
        SCHEMA_ACCEPTS,
    ),
    ("coordinates_match_geocode", in_xinjiang, SCHEMA_ACCEPTS),
    ("ceiling_needs_altitude", swap("</area>", "<ceiling>10</ceiling></area>"), SCHEMA_ACCEPTS),
    (
        "ceiling_is_above_altitude",
        swap("</area>", "<altitude>100</altitude><ceiling>10</ceiling></area>"),
        SCHEMA_ACCEPTS,
    ),
]

IMPROVABLE: list[tuple[str, Change]] = [
    ("optional_elements_are_present", drop("senderName")),
    ("optional_elements_are_present", drop("responseType")),
    ("optional_elements_are_present", put("instruction", "")),
    ("optional_elements_are_present", drop("contact")),
    ("headline_is_short", put("headline", "水" * 141, 1)),
    (
        "description_differs_from_headline",
        lambda xml: put("description", re.findall("<headline>(.*)</headline>", xml)[0], 1)(xml),
    ),
    (
        "description_differs_from_instruction",
        lambda xml: put("description", re.findall("<instruction>(.*)</instruction>", xml)[0], 1)(xml),
    ),
    ("urgency_severity_certainty_are_known", put("urgency", "Unknown")),
    ("urgency_severity_certainty_are_known", put("severity", "Unknown")),
    ("urgency_severity_certainty_are_known", put("certainty", "Unknown")),
    ("area_has_polygon_or_circle", both(drop("polygon"), drop("circle"))),
    ("circle_has_radius", put("circle", f"{CENTRE} 0")),
    ("radius_is_in_kilometres", put("circle", f"{CENTRE} 200")),
    ("geocode_is_complete", swap("<value>370102</value>", "<value></value>")),
    ("times_have_local_offset", put("sent", "2026-07-01T08:14:00+00:00")),
    ("times_have_local_offset", put("expires", "2026-07-01T20:14:00-00:00")),
    ("status_is_not_test", put("status", "Test")),
    ("events_agree_per_language", put("language", "zh-CN")),
]


def rules_with_findings(rules: tuple[Rule, ...], xml: str) -> set[str]:
    alert = parse(xml)
    return {getattr(rule, "__name__", "") for rule in rules if list(rule(alert))}


@pytest.mark.parametrize(("name", "change", "schema_accepts"), BREAKS)
def test_a_broken_rule_is_found_and_no_other(name: str, change: Change, *, schema_accepts: bool) -> None:
    xml = change(GOOD)

    assert rules_with_findings(RULES, xml) == {name}
    assert violations(xml)
    assert schema_accepts_it(xml) == schema_accepts


@pytest.mark.parametrize(("name", "change"), IMPROVABLE)
def test_a_recommendation_is_given_and_no_rule_is_broken(name: str, change: Change) -> None:
    xml = change(GOOD)

    assert rules_with_findings(RECOMMENDATIONS, xml) == {name}
    assert violations(xml) == []
    assert schema_accepts_it(xml)


def test_every_rule_has_a_document_that_breaks_it() -> None:
    assert {name for name, *_ in BREAKS} == {getattr(rule, "__name__", "") for rule in RULES}
    assert {name for name, _ in IMPROVABLE} == {getattr(rule, "__name__", "") for rule in RECOMMENDATIONS}


def test_every_finding_has_a_remedy() -> None:
    findings = [finding for _, change, _ in BREAKS for finding in violations(change(GOOD))]
    findings += [finding for _, change in IMPROVABLE for finding in recommendations(change(GOOD))]

    assert all(re.search(r".+: \w.+", finding) for finding in findings)


def test_a_valid_document_has_no_findings() -> None:
    assert violations(GOOD) == []
    assert recommendations(GOOD) == []


@pytest.mark.parametrize(
    "change",
    [
        resource("<mimeType>image/png</mimeType><uri>https://city.example/plan.png</uri>"),
        resource("<mimeType>text/plain; charset=utf-8</mimeType><uri>plan.txt</uri><derefUri>5bmz6Z2i</derefUri>"),
        swap("</area>", "<altitude>10</altitude><ceiling>100</ceiling></area>"),
        both(put("scope", "Public"), drop("restriction")),
        both(put("msgType", "Alert"), drop("references")),
        polygon("36.0,117.0", "36.0,117.0", "36.1,117.0", "36.1,117.1", "36.0,117.0", "36.0,117.0"),
        put("contact", "A &lt; B &amp; C"),
    ],
)
def test_an_unusual_but_valid_document_passes(change: Change) -> None:
    assert change(GOOD) != GOOD
    assert violations(change(GOOD)) == []


@pytest.mark.parametrize(
    ("xml", "message"),
    [
        ("", "not well-formed"),
        ("积水", "not well-formed"),
        ("<alert>", "not well-formed"),
        ("<a>\ud800</a>", "not well-formed"),
        ("<a>\x00</a>", "not well-formed"),
        ("<alert/>", "not a CAP 1.2 alert"),
        (GOOD.replace("cap:1.2", "cap:1.1"), "not a CAP 1.2 alert"),
        ('<!DOCTYPE a [<!ENTITY b "cc"><!ENTITY c "&b;&b;">]><a>&c;</a>', "DOCTYPE"),
        ('<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>', "DOCTYPE"),
        ("<a>" + " " * 1_000_000 + "</a>", "characters"),
    ],
)
def test_unreadable_xml_is_one_finding(xml: str, message: str) -> None:
    (finding,) = violations(xml)

    assert message in finding
    assert recommendations(xml) == [finding]


@given(st.lists(st.sampled_from(re.split("(<[^>]*>)", GOOD)) | st.text(max_size=5)).map("".join) | st.text())
def test_no_text_makes_the_rules_raise(xml: str) -> None:
    assert violations(xml)
    assert recommendations(xml)


TAGS = sorted({*re.findall("<([a-z]+)>", GOOD, flags=re.IGNORECASE)})
ODD_TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="<&"), max_size=20),
    st.text("0123456789., -+", max_size=40),
    st.sampled_from(["1,1 1,1 1,1 1,1", "http://[", "2026-02-30T00:00:00+08:00", "2026-07-01T00:00:00+99:99", "0,0 0"]),
)


@given(st.sampled_from(TAGS), ODD_TEXTS)
def test_no_text_in_any_element_makes_the_rules_raise(tag: str, text: str) -> None:
    def filled(xml: str) -> str:
        return re.sub(f"<{tag}>[^<]*</{tag}>", lambda _: f"<{tag}>{text}</{tag}>", xml)

    xml = filled(GOOD).replace("\ufffe", "").replace("\uffff", "")

    assert isinstance(violations(xml), list)
    assert isinstance(recommendations(xml), list)


def test_an_unparseable_address_is_not_absolute() -> None:
    assert [is_absolute(address) for address in ("http://[", "https://a b", "x", "mailto:a@b.example")] == [
        False,
        False,
        False,
        True,
    ]
