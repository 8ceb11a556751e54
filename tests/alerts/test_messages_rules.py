"""Each rule catches the document that breaks it, and no other rule speaks up for it."""

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.cap import parse
from rencheng.cap.render import render
from rencheng.cap.rules.content import is_absolute
from rencheng.cap.validation import ADVICE, RULES, advice, broken_rules
from tests.alerts.cap_strategies import PUBLISHER, example_chain, example_site, schema_accepts_it

Change = Callable[[str], str]

GOOD = render(example_chain()[1], example_site(), PUBLISHER)
CENTRE = "36.651200,117.065100"


def put(tag: str, text: str, count: int = 0) -> Change:
    """Another text in all elements of a name, or in the first `count`."""
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
    """Longitude first, where it is below 90 degrees and could be a latitude."""
    return both(drop("polygon"), put("circle", "87.616800,43.825600 0.200"))(xml)


ANY_SCHEMA, SCHEMA_TOO = True, False
"""Whether the schema of CAP 1.2 lets the document pass, so that the rule is its only guard."""

BREAKS: list[tuple[str, Change, bool]] = [
    ("names_are_tokens", put("sender", "city example"), ANY_SCHEMA),
    ("names_are_tokens", put("identifier", "a,b"), ANY_SCHEMA),
    ("names_are_tokens", put("identifier", ""), ANY_SCHEMA),
    ("times_have_an_offset", put("sent", "2026-07-01T08:14:00Z"), SCHEMA_TOO),
    ("times_have_an_offset", put("expires", "2026-07-02 04:14:00+08:00"), SCHEMA_TOO),
    ("times_have_an_offset", put("effective", "2026-07-01T08:14:00.5+08:00"), SCHEMA_TOO),
    ("restriction_is_for_restricted", put("scope", "Public"), ANY_SCHEMA),
    ("restricted_says_to_whom", drop("restriction"), ANY_SCHEMA),
    ("private_says_to_whom", both(put("scope", "Private"), drop("restriction")), ANY_SCHEMA),
    ("references_are_triples", put("references", "w-20260701-0001-1"), ANY_SCHEMA),
    ("references_are_triples", put("references", "rencheng@city.example,w-1,yesterday"), ANY_SCHEMA),
    ("references_are_not_itself", swap("w-20260701-0001-1,", "w-20260701-0001-2,"), ANY_SCHEMA),
    (
        "references_are_not_postdated",
        swap("0001-1,2026-07-01T16:05:00+08:00", "0001-1,2026-07-01T08:15:00+00:00"),
        ANY_SCHEMA,
    ),
    ("later_messages_refer", put("references", ""), ANY_SCHEMA),
    ("later_messages_refer", both(put("msgType", "Cancel"), drop("references")), ANY_SCHEMA),
    ("has_info", drop("info"), ANY_SCHEMA),
    ("categories_agree", swap("<category>Transport", "<category>Infra", 1), ANY_SCHEMA),
    ("event_codes_agree", swap("OET-140", "OET-081", 1), ANY_SCHEMA),
    ("has_description", drop("description"), ANY_SCHEMA),
    ("has_description", put("description", " ", 1), ANY_SCHEMA),
    ("has_web", drop("web"), ANY_SCHEMA),
    ("has_expires", drop("expires"), ANY_SCHEMA),
    ("has_urgency", drop("urgency"), SCHEMA_TOO),
    ("has_severity", drop("severity"), SCHEMA_TOO),
    ("has_certainty", drop("certainty"), SCHEMA_TOO),
    ("has_area", drop("area"), ANY_SCHEMA),
    ("effective_before_expires", put("expires", "2026-07-01T16:13:59+08:00"), ANY_SCHEMA),
    ("effective_before_expires", both(drop("effective"), put("expires", "2026-07-01T16:13:59+08:00")), ANY_SCHEMA),
    ("languages_are_tags", put("language", "zh_CN", 1), SCHEMA_TOO),
    ("languages_differ_in_text", put("instruction", "Keep out."), ANY_SCHEMA),
    ("languages_differ_in_text", put("event", "积水"), ANY_SCHEMA),
    ("web_is_absolute", put("web", "/warnings/1"), ANY_SCHEMA),
    ("texts_have_no_markup", put("instruction", "&lt;b&gt;撤离&lt;/b&gt;", 1), ANY_SCHEMA),
    ("texts_have_no_markup", put("areaDesc", "Oil &amp;amp; Gas Road"), ANY_SCHEMA),
    ("mime_type_is_registered", resource("<mimeType>picture</mimeType>"), ANY_SCHEMA),
    ("uri_leads_somewhere", resource("<mimeType>image/png</mimeType><uri>plan.png</uri>"), ANY_SCHEMA),
    ("enclosure_is_base64", resource("<mimeType>image/png</mimeType><derefUri>积水</derefUri>"), ANY_SCHEMA),
    ("enclosure_is_base64", resource("<mimeType>image/png</mimeType><derefUri>abc</derefUri>"), ANY_SCHEMA),
    ("area_has_a_shape", both(drop("polygon"), drop("circle"), drop("geocode")), ANY_SCHEMA),
    ("polygon_is_points", put("polygon", "hello"), ANY_SCHEMA),
    ("polygon_is_points", put("polygon", ""), ANY_SCHEMA),
    ("polygon_is_points", polygon("36.0,117.0", "36.1,117.0", "36.0,117.0"), ANY_SCHEMA),
    ("polygon_is_points", polygon("36.0,117.0", "36.1,117.0", "nan,117.1", "36.0,117.0"), ANY_SCHEMA),
    ("polygon_is_points", polygon("36.0", "36.1,117.0", "36.1,117.1", "36.0"), ANY_SCHEMA),
    (
        "polygon_is_not_endless",
        polygon(*(f"36.{n:04},117.{n * n:07}" for n in range(500)), "37.0,117.0", "36.0000,117.0000000"),
        ANY_SCHEMA,
    ),
    ("polygon_is_closed", polygon("36.0,117.0", "36.1,117.0", "36.1,117.1", "36.0,117.1"), ANY_SCHEMA),
    (
        "polygon_does_not_cross_itself",
        polygon("36.0,117.0", "36.1,117.1", "36.1,117.0", "36.0,117.1", "36.0,117.0"),
        ANY_SCHEMA,
    ),
    (
        "polygon_does_not_cross_itself",  # a corner stands on another side
        polygon("36.0,117.0", "36.2,117.0", "36.2,117.1", "36.1,117.0", "36.0,117.1", "36.0,117.0"),
        ANY_SCHEMA,
    ),
    ("circle_is_centre_and_radius", put("circle", "hello"), ANY_SCHEMA),
    ("circle_is_centre_and_radius", put("circle", "36.6512,117.0651,0.2"), ANY_SCHEMA),
    ("circle_is_centre_and_radius", put("circle", "36.6512,117.0651 wide"), ANY_SCHEMA),
    ("radius_is_not_negative", put("circle", f"{CENTRE} -0.200"), ANY_SCHEMA),
    ("points_are_on_earth", put("circle", "117.0651,36.6512 0.200"), ANY_SCHEMA),
    (
        "points_are_on_earth",
        polygon("117.0,36.0", "117.0,36.1", "117.1,36.1", "117.0,36.0"),
        ANY_SCHEMA,
    ),
    ("points_are_where_the_code_says", in_xinjiang, ANY_SCHEMA),
    ("ceiling_needs_altitude", swap("</area>", "<ceiling>10</ceiling></area>"), ANY_SCHEMA),
    (
        "ceiling_is_above_altitude",
        swap("</area>", "<altitude>100</altitude><ceiling>10</ceiling></area>"),
        ANY_SCHEMA,
    ),
]

COULD_BE_BETTER: list[tuple[str, Change]] = [
    ("says_all_that_is_welcome", drop("senderName")),
    ("says_all_that_is_welcome", drop("responseType")),
    ("says_all_that_is_welcome", put("instruction", "")),
    ("says_all_that_is_welcome", drop("contact")),
    ("headline_is_short", put("headline", "水" * 141, 1)),
    (
        "description_says_more_than_headline",
        lambda xml: put("description", re.findall("<headline>(.*)</headline>", xml)[0], 1)(xml),
    ),
    (
        "description_is_not_instruction",
        lambda xml: put("description", re.findall("<instruction>(.*)</instruction>", xml)[0], 1)(xml),
    ),
    ("nothing_is_unknown", put("urgency", "Unknown")),
    ("nothing_is_unknown", put("severity", "Unknown")),
    ("nothing_is_unknown", put("certainty", "Unknown")),
    ("area_has_more_than_a_code", both(drop("polygon"), drop("circle"))),
    ("circle_has_an_extent", put("circle", f"{CENTRE} 0")),
    ("circle_is_in_kilometres", put("circle", f"{CENTRE} 200")),
    ("geocode_is_not_empty", swap("<value>370102</value>", "<value></value>")),
    ("times_are_local", put("sent", "2026-07-01T08:14:00+00:00")),
    ("times_are_local", put("expires", "2026-07-01T20:14:00-00:00")),
    ("status_is_not_test", put("status", "Test")),
    ("events_agree", put("language", "zh-CN")),
]


def speaking(rules: tuple[parse.Rule, ...], xml: str) -> set[str]:
    alert = parse.read(xml)
    return {getattr(rule, "__name__", "") for rule in rules if list(rule(alert))}


@pytest.mark.parametrize(("name", "change", "schema_accepts"), BREAKS)
def test_a_broken_rule_is_found_and_no_other(name: str, change: Change, *, schema_accepts: bool) -> None:
    xml = change(GOOD)

    assert speaking(RULES, xml) == {name}
    assert broken_rules(xml)
    assert schema_accepts_it(xml) == schema_accepts


@pytest.mark.parametrize(("name", "change"), COULD_BE_BETTER)
def test_what_could_be_better_is_advised_and_breaks_nothing(name: str, change: Change) -> None:
    xml = change(GOOD)

    assert speaking(ADVICE, xml) == {name}
    assert broken_rules(xml) == []
    assert schema_accepts_it(xml)


def test_every_rule_has_a_document_that_breaks_it() -> None:
    assert {name for name, *_ in BREAKS} == {getattr(rule, "__name__", "") for rule in RULES}
    assert {name for name, _ in COULD_BE_BETTER} == {getattr(rule, "__name__", "") for rule in ADVICE}


def test_every_finding_says_what_to_do() -> None:
    findings = [said for _, change, _ in BREAKS for said in broken_rules(change(GOOD))]
    findings += [said for _, change in COULD_BE_BETTER for said in advice(change(GOOD))]

    assert all(re.search(r".+: \w.+", said) for said in findings)


def test_the_good_document_is_good() -> None:
    assert broken_rules(GOOD) == []
    assert advice(GOOD) == []


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
def test_what_is_unusual_but_right_passes(change: Change) -> None:
    assert change(GOOD) != GOOD
    assert broken_rules(change(GOOD)) == []


@pytest.mark.parametrize(
    ("xml", "said"),
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
def test_what_cannot_be_read_is_one_finding(xml: str, said: str) -> None:
    (finding,) = broken_rules(xml)

    assert said in finding
    assert advice(xml) == [finding]


@given(st.lists(st.sampled_from(re.split("(<[^>]*>)", GOOD)) | st.text(max_size=5)).map("".join) | st.text())
def test_no_text_makes_the_rules_raise(xml: str) -> None:
    assert broken_rules(xml)
    assert advice(xml)


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

    assert isinstance(broken_rules(xml), list)
    assert isinstance(advice(xml), list)


def test_an_address_that_nothing_can_read_is_not_absolute() -> None:
    assert [is_absolute(address) for address in ("http://[", "https://a b", "x", "mailto:a@b.example")] == [
        False,
        False,
        False,
        True,
    ]
