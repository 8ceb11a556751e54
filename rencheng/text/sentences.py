"""A warning as people read it: headline, description and instruction, in Chinese and in English.

The structure of the sentences is here, once for both languages. Their words are in `zh.py` and `en.py`.
"""

from dataclasses import dataclass
from datetime import timedelta

from rencheng.domain.level import Level
from rencheng.domain.site import Site
from rencheng.domain.warning import Grounds, WarningMessage, WarningRule
from rencheng.engine.forecast.forecast import HORIZONS_S
from rencheng.engine.water.tide import is_above
from rencheng.text.en import ENGLISH
from rencheng.text.evidence import evidence_text
from rencheng.text.explanations import attribution_text, readiness_text, waterworks_text
from rencheng.text.formatting import centimetres, local, minutes_left, number, plain, shortened
from rencheng.text.language import Language
from rencheng.text.publisher import Publisher
from rencheng.text.validation import validate
from rencheng.text.zh import CHINESE

HEADLINE_CHARS_MAX = 140
"""Source: the Google profile of CAP, domain reference 2.3. CAP itself recommends about 160."""


@dataclass(frozen=True, slots=True)
class Sentences:
    """One warning in one language; `language` is an RFC 3066 tag."""

    language: str
    event: str
    sender_name: str
    place: str
    headline: str
    description: str
    instruction: str


@dataclass(frozen=True, slots=True)
class ComposedWarning:
    """A valid message with its texts, from which the JSON and the CAP document are made."""

    message: WarningMessage
    site: Site
    publisher: Publisher
    chinese: Sentences
    english: Sentences


def compose(message: WarningMessage, site: Site, publisher: Publisher) -> ComposedWarning:
    """Check a message and write its texts in both languages.

    Raises:
        ValueError: the message contradicts itself or its site.
    """
    validate(message, site)
    chinese = _sentences(message, site, publisher.sender_name_zh, CHINESE)
    english = _sentences(message, site, publisher.sender_name_en, ENGLISH)
    return ComposedWarning(message, site, publisher, chinese, english)


def _sentences(message: WarningMessage, site: Site, sender_name: str, language: Language) -> Sentences:
    return Sentences(
        language=language.tag,
        event=language.event,
        sender_name=sender_name,
        place=language.place(site),
        headline=headline(message, site, sender_name, language),
        description=description(message, site, language),
        instruction=instruction(message, site, language),
    )


def headline(message: WarningMessage, site: Site, sender_name: str, language: Language) -> str:
    """Return sender, action, place and colour; a place that is too long is shortened."""
    begin = _exercise(message, language) + language.headline_begin.format(
        sender=plain(sender_name), action=language.actions[message.message_type], colour=language.colours[message.level]
    )
    end = language.headline_end.format(colour=language.colours[message.level])
    return begin + shortened(language.place(site), HEADLINE_CHARS_MAX - len(begin) - len(end)) + end


def description(message: WarningMessage, site: Site, language: Language) -> str:
    """Return the measurement, the threshold, the movement of the water, and the reasons for a forecast."""
    grounds = message.grounds
    parts = {
        "time": language.time.format(local(message.issued_at)),
        "place": _place_and_type(site, language),
        "evidence": (waterworks_text(grounds, language.code) if grounds.pumps else "")
        + evidence_text(message.evidence, language.code),
        "basis": language.basis.format(version=grounds.profile_version),
    }
    if grounds.rule is WarningRule.RAINED and not message.ends_warning:
        text = language.rain_description.format(
            **parts,
            quarter=number(grounds.rain_quarter_mm or 0.0),
            hour=number(grounds.rain_hour_mm or 0.0),
            depth=_current_depth(grounds.depth_mm, language),
            colour=language.colours[message.level],
            learned=_why_of_rain(grounds, language),
        )
    elif grounds.depth_mm is None:
        text = language.unknown_description.format(**parts, finding=_finding(message, language))
    else:
        text = language.depth_description.format(
            **parts,
            measured=_measured(grounds, grounds.depth_mm, language),
            movement=_movement(grounds.rise_mm_per_min, language),
            finding=_finding(message, language),
            forecast=_confirmation(message, language) + _forecast(message, language) + _tide(message, language),
        )
    return _exercise(message, language) + text


def instruction(message: WarningMessage, site: Site, language: Language) -> str:
    """Return what the people on duty should do."""
    if message.ends_warning:
        return _exercise(message, language) + language.all_clear
    special = language.instructions_by_type.get(site.site_type, "") if message.level >= Level.ORANGE else ""
    return f"{_exercise(message, language)}{language.instructions[message.level]}{special}{language.acknowledge}"


def _exercise(message: WarningMessage, language: Language) -> str:
    """Return the mark of an exercise. It comes first, so that an exercise alarms no one."""
    return language.exercise if message.is_exercise else ""


def _place_and_type(site: Site, language: Language) -> str:
    """Return the name of the place, with its type unless the name contains it."""
    name, site_type = language.place(site), language.site_types[site.site_type]
    if site_type in name.lower():
        return name
    return language.place_and_type.format(place=name, type=site_type)


def _current_depth(depth_mm: float | None, language: Language) -> str:
    """Return the depth in words; no data is never zero."""
    if depth_mm is None:
        return language.depth_unknown
    return language.depth_now.format(depth=centimetres(max(0.0, depth_mm)))


def _measured(grounds: Grounds, depth_mm: float, language: Language) -> str:
    """Return what the gauge read, and where that is not the same, what stands at the lowest point."""
    depth = centimetres(max(0.0, depth_mm))
    read = depth if grounds.gauge_mm is None else centimetres(max(0.0, grounds.gauge_mm))
    template = language.measured if read == depth else language.measured_elsewhere
    return template.format(gauge=plain(grounds.device_id), depth=depth, read=read)


def _movement(rise_mm_per_min: float | None, language: Language) -> str:
    """Return how the water has moved in the last minutes."""
    if rise_mm_per_min is None:
        return language.rise_unknown
    if number(rise_mm_per_min) == "0":
        return language.steady
    return (language.rising if rise_mm_per_min > 0 else language.falling).format(rate=number(abs(rise_mm_per_min)))


def _finding(message: WarningMessage, language: Language) -> str:
    """Return the clause that compares the depth with the threshold."""
    grounds = message.grounds
    words = {"colour": language.colours[message.level], "threshold": centimetres(grounds.threshold_mm)}
    if message.ends_warning:
        if grounds.rule is WarningRule.RAIN_ENDED:
            return language.rain_ended.format(**words)
        return (language.lapsed if grounds.depth_mm is None else language.ended).format(**words)
    if grounds.rule is WarningRule.PREDICTED:
        when = _arrival(message, language)
        return language.predicted.format(**words, odds=language.odds[message.certainty], when=when)
    templates = {
        WarningRule.LOST_TRUST: language.lost_trust,
        WarningRule.OVERFLOWS: language.overflows,
        WarningRule.RENEWED: language.renewed,
        WarningRule.OBSERVED: language.observed,
    }
    return templates.get(grounds.rule, language.receded).format(**words, gauge=plain(grounds.device_id))


def _why_of_rain(grounds: Grounds, language: Language) -> str:
    """Return the nowcast behind a warning by rain, and what the site's own storms did."""
    text = language.rain_expected.format(source=plain(grounds.armed_by_source)) if grounds.armed_by_source else ""
    if grounds.rain_storms:
        text += language.rain_learned.format(storms=grounds.rain_storms, floods=grounds.rain_floods)
    return text


def _arrival(message: WarningMessage, language: Language) -> str:
    """Return when the water is expected to reach the threshold, in minutes from now and as a time of day."""
    eta_s = message.grounds.eta_s
    if eta_s is None:
        return language.soon
    time = local(message.issued_at) + timedelta(seconds=eta_s)
    minutes = minutes_left(eta_s)
    templates = {0: language.within_a_minute, 1: language.in_one_minute}
    return templates.get(minutes, language.in_minutes).format(minutes=minutes, time=f"{time:%H:%M}")


def _confirmation(message: WarningMessage, language: Language) -> str:
    """Return how old the depth is, that a person confirmed it, or that its next sample is awaited; empty if none."""
    grounds = message.grounds
    aged = "" if grounds.age_s is None else language.aged.format(minutes=round(grounds.age_s / 60))
    if grounds.confirmed_by:
        return aged + language.confirmed.format(by=plain(grounds.confirmed_by))
    return aged + (language.unconfirmed if grounds.is_unconfirmed else "")


def _tide(message: WarningMessage, language: Language) -> str:
    """Return how deep the tide usually becomes, if the water comes with the tide; empty otherwise."""
    depth_mm, usual_mm = message.grounds.depth_mm, message.grounds.usual_mm
    if depth_mm is None or usual_mm is None or message.ends_warning:
        return ""
    if (tide_s := message.grounds.tide_s) is not None:
        time = local(message.issued_at) + timedelta(seconds=tide_s)
        return language.tide_table.format(usual=centimetres(usual_mm), time=f"{time:%H:%M}")
    template = language.above_tide if is_above(depth_mm, usual_mm) else language.usual_tide
    return template.format(usual=centimetres(usual_mm))


def _horizon(horizon_s: float | None, language: Language) -> str:
    """Return the time within which a probability counts."""
    if horizon_s is None or horizon_s == HORIZONS_S[-1]:
        return language.half_hour
    return language.minutes.format(minutes=number(horizon_s / 60))


def _forecast(message: WarningMessage, language: Language) -> str:
    """Return the probability, the interval of the arrival time, and the reasons; empty unless predicted."""
    grounds = message.grounds
    if grounds.rule is not WarningRule.PREDICTED or grounds.probability is None:
        return ""
    if grounds.is_unconfirmed or grounds.confirmed_by:
        return ""
    interval = ""
    if grounds.earliest_s is not None and grounds.latest_s is not None:
        earliest, latest = minutes_left(grounds.earliest_s), minutes_left(grounds.latest_s) + 1
        interval = language.interval.format(earliest=earliest, latest=latest)
    reasons = attribution_text(grounds.attribution, language.code)
    return language.forecast.format(
        horizon=_horizon(grounds.horizon_s, language),
        percent=round(grounds.probability * 100),
        interval=interval,
        reasons=language.reasons.format(reasons=reasons) if reasons else "",
        readiness=readiness_text(grounds, language.code),
    )
