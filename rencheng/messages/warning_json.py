"""The JSON form of a warning: retained on MQTT as the current warning of a site, and returned by the API."""

from collections.abc import Sequence
from typing import Literal

from typing_extensions import TypedDict  # before Python 3.12, pydantic makes schemas only of this one

from rencheng.cap import mapping
from rencheng.domain.evidence import CONTRADICTING, Evidence
from rencheng.domain.level import WarningLevelWord
from rencheng.domain.site import Site
from rencheng.domain.warning import ArmedBy, Certainty, Grounds, MessageType, WarningRule
from rencheng.engine.forecast.forecast import HORIZONS_S
from rencheng.text.formatting import place_en, place_zh, stamp
from rencheng.text.sentences import ComposedWarning


class Bilingual(TypedDict):
    """A text in both languages."""

    zh: str
    en: str


class SiteDocument(TypedDict):
    """The site, with its position on WGS-84."""

    id: str
    name_zh: str
    name_en: str
    type: str
    region: str
    latitude: float
    longitude: float


class EvidenceDocument(TypedDict):
    """Evidence of water, or against it, from a traffic signal or a charger near the site."""

    kind: str
    device_id: str
    since: str


class AttributionDocument(TypedDict):
    """A feature that changed the probability, and by how much it changed the log-odds."""

    feature: str
    log_odds: float


class JumpEvidenceDocument(TypedDict):
    """One kind of evidence that a depth that jumped is water, and the log-odds that it adds."""

    evidence: str
    log_odds: float


class HorizonDocument(TypedDict):
    """The probability that the depth crosses the threshold within the horizon."""

    horizon_s: float
    probability: float


class PumpDocument(TypedDict):
    """A pump of the site, and its state as reported."""

    pump: str
    state: str


class GroundsDocument(TypedDict):
    """The numbers behind a level, with units in the names; null means unknown, never 0."""

    rule: WarningRule
    device_id: str
    depth_mm: float | None
    rise_mm_per_min: float | None
    threshold_mm: float
    eta_s: float | None
    profile_version: int
    corroborates: list[EvidenceDocument]
    contradicts: list[EvidenceDocument]
    probability: float | None
    within: list[HorizonDocument]
    earliest_s: float | None
    latest_s: float | None
    judged_by: str
    attribution: list[AttributionDocument]
    gauges: list[str]
    rain_quarter_mm: float | None
    rain_hour_mm: float | None
    rain_storms: int | None
    rain_floods: int | None
    rain_window_s: float | None
    rain_critical_mm: float | None
    armed_by: ArmedBy
    armed_by_source: str
    rapid_rises_nearby: int | None
    is_unconfirmed: bool
    jump_evidence: list[JumpEvidenceDocument]
    confirmed_by: str
    age_s: float | None
    gauge_mm: float | None
    horizon_s: float | None
    usual_mm: float | None
    pumps: list[PumpDocument]
    tide_s: float | None


class WarningDocument(TypedDict):
    """The current warning of a site. A repetition has the same `identifier`; the newest has the highest `sequence`."""

    identifier: str
    warning_id: str
    sequence: int
    msg_type: MessageType
    status: Literal["Actual", "Exercise"]
    world: str
    in_force: bool
    site: SiteDocument
    level: WarningLevelWord
    certainty: Certainty
    issued_at: str
    expires_at: str
    headline: Bilingual
    description: Bilingual
    instruction: Bilingual
    grounds: GroundsDocument
    references: list[str]
    web: str


def warning_document(warning: ComposedWarning) -> WarningDocument:
    """Return a warning as a JSON object. On Cancel, `level` is the level that ended and `in_force` is false."""
    message, chinese, english = warning.message, warning.chinese, warning.english
    return {
        "identifier": message.identifier,
        "warning_id": message.warning_id,
        "sequence": message.sequence,
        "msg_type": message.message_type,
        "status": mapping.status(message),
        "world": message.world,
        "in_force": not message.ends_warning,
        "site": _site(warning.site),
        "level": message.level.warning_word,
        "certainty": mapping.certainty(message),
        "issued_at": stamp(message.issued_at),
        "expires_at": stamp(mapping.expires_at(message)),
        "headline": {"zh": chinese.headline, "en": english.headline},
        "description": {"zh": chinese.description, "en": english.description},
        "instruction": {"zh": chinese.instruction, "en": english.instruction},
        "grounds": _grounds(message.grounds, message.evidence),
        "references": [identifier for identifier, _ in message.references],
        "web": warning.publisher.page(message.warning_id),
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


def _grounds(grounds: Grounds, evidence: Sequence[Evidence]) -> GroundsDocument:
    return {
        "rule": grounds.rule,
        "device_id": grounds.device_id,
        "depth_mm": grounds.depth_mm,
        "rise_mm_per_min": grounds.rise_mm_per_min,
        "threshold_mm": grounds.threshold_mm,
        "eta_s": grounds.eta_s,
        "profile_version": grounds.profile_version,
        "corroborates": [_evidence(each) for each in evidence if each.kind not in CONTRADICTING],
        "contradicts": [_evidence(each) for each in evidence if each.kind in CONTRADICTING],
        "probability": grounds.probability,
        "within": [
            {"horizon_s": horizon_s, "probability": probability}
            for horizon_s, probability in zip(HORIZONS_S, grounds.within, strict=False)
        ],
        "earliest_s": grounds.earliest_s,
        "latest_s": grounds.latest_s,
        "judged_by": grounds.judged_by,
        "attribution": [{"feature": feature, "log_odds": change} for feature, change in grounds.attribution],
        "gauges": list(grounds.gauges),
        "rain_quarter_mm": grounds.rain_quarter_mm,
        "rain_hour_mm": grounds.rain_hour_mm,
        "rain_storms": grounds.rain_storms,
        "rain_floods": grounds.rain_floods,
        "rain_window_s": grounds.rain_window_s,
        "rain_critical_mm": grounds.rain_critical_mm,
        "armed_by": grounds.armed_by,
        "armed_by_source": grounds.armed_by_source,
        "rapid_rises_nearby": grounds.rapid_rises_nearby,
        "is_unconfirmed": grounds.is_unconfirmed,
        "age_s": grounds.age_s,
        "jump_evidence": [{"evidence": kind, "log_odds": weight} for kind, weight in grounds.jump_evidence],
        "confirmed_by": grounds.confirmed_by,
        "gauge_mm": grounds.gauge_mm,
        "horizon_s": grounds.horizon_s,
        "usual_mm": grounds.usual_mm,
        "pumps": [{"pump": name, "state": state} for name, state in grounds.pumps],
        "tide_s": grounds.tide_s,
    }


def _evidence(each: Evidence) -> EvidenceDocument:
    return {"kind": each.kind.value, "device_id": each.device_id, "since": stamp(each.since)}
