"""The JSON form: what is retained on MQTT as the current warning of a site, and what the API returns."""

from collections.abc import Sequence
from typing import Literal, cast

from typing_extensions import TypedDict  # pydantic reads the schema off it, and wants this one before Python 3.12

from rencheng.cap import mapping
from rencheng.cap.render import VALID_FOR
from rencheng.domain.sign import CONTRADICTING, Evidence
from rencheng.domain.site import Site
from rencheng.domain.warning import Grounds, WarningMessage
from rencheng.engine.forecast.forecast import HORIZONS_S
from rencheng.text.formatting import place_en, place_zh, stamp
from rencheng.text.publisher import Publisher
from rencheng.text.sentences import in_chinese, in_english

LevelWord = Literal["blue", "yellow", "orange", "red"]


class Bilingual(TypedDict):
    """A text in both languages."""

    zh: str
    en: str


class SiteDocument(TypedDict):
    """Where. WGS-84."""

    id: str
    name_zh: str
    name_en: str
    type: str
    region: str
    latitude: float
    longitude: float


class SignDocument(TypedDict):
    """What a signal or a pile near by tells of the water, since when."""

    kind: str
    device_id: str
    since: str


class Reason(TypedDict):
    """What moved the probability, and by how much of the log-odds."""

    feature: str
    log_odds: float


class WithinDocument(TypedDict):
    """With which probability the threshold is crossed within so many seconds."""

    horizon_s: float
    probability: float


class GroundsDocument(TypedDict):
    """Why, with the units in the names; null is not known, never 0."""

    rule: str
    device_id: str
    depth_mm: float | None
    rise_mm_per_min: float | None
    threshold_mm: float
    eta_s: float | None
    profile_version: int
    supports: list[SignDocument]
    questions: list[SignDocument]
    probability: float | None
    within: list[WithinDocument]
    soonest_s: float | None
    latest_s: float | None
    judged_by: str
    because: list[Reason]
    witnesses: list[str]
    rain_quarter_mm: float | None
    rain_hour_mm: float | None
    armed_by: Literal["", "rain", "weather"]
    armed_by_whom: str
    stirred: int | None


class WarningDocument(TypedDict):
    """The current warning of a site. A consumer knows a repetition by `identifier`, and the newest by `sequence`."""

    identifier: str
    warning_id: str
    sequence: int
    msg_type: Literal["Alert", "Update", "Cancel"]
    status: Literal["Actual", "Exercise"]
    world: str
    in_force: bool
    site: SiteDocument
    level: LevelWord
    certainty: Literal["Observed", "Likely", "Possible"]
    issued_at: str
    expires_at: str
    headline: Bilingual
    description: Bilingual
    instruction: Bilingual
    grounds: GroundsDocument
    references: list[str]
    web: str


def document(message: WarningMessage, site: Site, publisher: Publisher) -> WarningDocument:
    """The message as a JSON object. On Cancel, `level` is the one that ended and `in_force` is false.

    Raises:
        ValueError: the message contradicts itself or its site.
    """
    chinese, english = in_chinese(message, site, publisher), in_english(message, site, publisher)
    return {
        "identifier": message.identifier,
        "warning_id": message.warning_id,
        "sequence": message.sequence,
        "msg_type": message.message_type.value,
        "status": mapping.status(message),
        "world": message.world,
        "in_force": not message.ends_warning,
        "site": _site(site),
        "level": cast("LevelWord", message.level.word),
        "certainty": mapping.certainty(message).value,
        "issued_at": stamp(message.issued_at),
        "expires_at": stamp(message.issued_at + VALID_FOR),
        "headline": {"zh": chinese.headline, "en": english.headline},
        "description": {"zh": chinese.description, "en": english.description},
        "instruction": {"zh": chinese.instruction, "en": english.instruction},
        "grounds": _grounds(message.grounds, message.evidence),
        "references": [identifier for identifier, _ in message.references],
        "web": publisher.page(message.warning_id),
    }


def _site(site: Site) -> SiteDocument:
    return {
        "id": site.site_id,
        "name_zh": place_zh(site),
        "name_en": place_en(site),
        "type": site.site_type.value,
        "region": site.region,
        "latitude": site.latitude,
        "longitude": site.longitude,
    }


def _grounds(grounds: Grounds, signs: Sequence[Evidence]) -> GroundsDocument:
    return {
        "rule": grounds.rule,
        "device_id": grounds.device_id,
        "depth_mm": grounds.depth_mm,
        "rise_mm_per_min": grounds.rise_mm_per_min,
        "threshold_mm": grounds.threshold_mm,
        "eta_s": grounds.eta_s,
        "profile_version": grounds.profile_version,
        "supports": [_sign(sign) for sign in signs if sign.kind not in CONTRADICTING],
        "questions": [_sign(sign) for sign in signs if sign.kind in CONTRADICTING],
        "probability": grounds.probability,
        "within": [
            {"horizon_s": horizon_s, "probability": probability}
            for horizon_s, probability in zip(HORIZONS_S, grounds.within, strict=False)
        ],
        "soonest_s": grounds.soonest_s,
        "latest_s": grounds.latest_s,
        "judged_by": grounds.judged_by,
        "because": [{"feature": feature, "log_odds": change} for feature, change in grounds.attribution],
        "witnesses": list(grounds.gauges),
        "rain_quarter_mm": grounds.rain_quarter_mm,
        "rain_hour_mm": grounds.rain_hour_mm,
        "armed_by": grounds.armed_by.value,
        "armed_by_whom": grounds.armed_by_source,
        "stirred": grounds.rapid_rises_nearby,
    }


def _sign(sign: Evidence) -> SignDocument:
    return {"kind": sign.kind.value, "device_id": sign.device_id, "since": stamp(sign.since)}
