"""The reasons for a forecast in words: the features that raised the probability, and the readiness of the site."""

from rencheng.domain.warning import ArmedBy, Grounds
from rencheng.engine.forecast.features import FEATURE_NAMES
from rencheng.engine.forecast.model import RAPID_RISES_NEARBY
from rencheng.text.formatting import plain
from rencheng.text.language import LanguageCode

_RECENT_RISE = ("近几分钟涨速", "rate of rise in the last minutes")
_LONG_RISE = ("近20分钟涨势", "rise over 20 minutes")
_DISTANCE = ("距阈值的水深", "distance to the threshold")
_ARRIVAL = ("按当前涨速的到达时间", "arrival time at the current rate of rise")
_PAST_EVENTS = ("该点位以往积水的规律", "past events at this site")
_TIDE = ("潮时", "time of the tide")
_PEAK = ("水位是否已过峰", "whether the peak has passed")
_DURATION = ("本次积水的持续时间", "duration of this event")
_STEADINESS = ("读数是否平稳", "steadiness of the readings")

WORDS: dict[str, tuple[str, str]] = {
    "depth_mm": ("当前水深", "current depth"),
    "rise_2": _RECENT_RISE,
    "rise_3": _RECENT_RISE,
    "rise_5": _RECENT_RISE,
    "rise_10": _RECENT_RISE,
    "rise_20": _LONG_RISE,
    "last_rise": _RECENT_RISE,
    "age_min": _DURATION,
    "peak_mm": ("本次最大水深", "greatest depth of this event"),
    "below_peak_mm": _PEAK,
    "since_peak_min": _PEAK,
    "gap_min": _STEADINESS,
    "fastest": ("本次最快涨速", "fastest rise of this event"),
    "roughness": _STEADINESS,
    "floods": _PAST_EVENTS,
    "usual_peak": _PAST_EVENTS,
    "usual_rise_min": _PAST_EVENTS,
    "usual_fastest": _PAST_EVENTS,
    "tide_min": _TIDE,
    "tide_concentration": _TIDE,
    "last_flood_h": _PAST_EVENTS,
    "last_peak_mm": _PAST_EVENTS,
    RAPID_RISES_NEARBY: ("同区域其他点位的水位急涨", "rapid rises at other sites in the region"),
    "threshold_mm": ("阈值高低", "height of the threshold"),
    "missing_mm": _DISTANCE,
    "arrival_3_min": _ARRIVAL,
    "arrival_5_min": _ARRIVAL,
    "arrival_10_min": _ARRIVAL,
    "went_on_share": _PAST_EVENTS,
}
"""Chinese and English words for every feature of the model."""

_INDEX: dict[LanguageCode, int] = {"zh": 0, "en": 1}
_SEPARATOR: dict[LanguageCode, str] = {"zh": "、", "en": ", "}

_READINESS: dict[ArmedBy, tuple[str, str]] = {
    ArmedBy.NOTHING: ("", ""),
    ArmedBy.RAIN: ("该点位因降雨已进入戒备，预警门槛已降低。", " Rain had put this site on heightened readiness."),
    ArmedBy.OVERFLOW: (
        "检查井（{}）冒水，该点位已进入戒备，预警门槛已降低。",
        " Water was coming out of a manhole ({}), which had put this site on heightened readiness.",
    ),
    ArmedBy.SURCHARGE: (
        "检查井水位（{}）显示管道已满流，该点位已进入戒备，预警门槛已降低。",
        " A full sewer (level in manhole {}) had put this site on heightened readiness.",
    ),
    ArmedBy.PUMP: (
        "水泵（{}）故障，该点位已进入戒备，预警门槛已降低。",
        " A pump that failed ({}) had put this site on heightened readiness.",
    ),
    ArmedBy.UPSTREAM: (
        "上游水位（{}）上涨，该点位已进入戒备，预警门槛已降低。",
        " A rise upstream ({}) had put this site on heightened readiness.",
    ),
    ArmedBy.WEATHER: (
        "该点位因气象预警或预报（{}）已进入戒备，预警门槛已降低。",
        " A weather warning or forecast ({}) had put this site on heightened readiness.",
    ),
}
_NEARBY = (
    "周边另有{}处点位半小时内水位急涨。",
    " Water rose rapidly at {} other sites nearby within half an hour.",
)
_ONE_NEARBY = (_NEARBY[0], " Water rose rapidly at one other site nearby within half an hour.")

if missing := {*FEATURE_NAMES, RAPID_RISES_NEARBY} - set(WORDS):
    raise AssertionError(f"explanations.py has no words for the features {missing}: add them")


def attribution_text(attribution: tuple[tuple[str, float], ...], language: LanguageCode) -> str:
    """Return the features that raised the probability, in words, each once."""
    index = _INDEX[language]
    words = (WORDS[name][index] for name, change in attribution if change > 0 and name in WORDS)
    return _SEPARATOR[language].join(dict.fromkeys(words))


_PUMPS = ("水泵{}{}。", " Pump {} {}.")
_PUMP_STATES = {
    "running": ("运行中", "is running"),
    "stopped": ("已停止", "has stopped"),
    "failed": ("故障", "has failed"),
}


def waterworks_text(grounds: Grounds, language: LanguageCode) -> str:
    """Return the states of the pumps, in words; empty if none is reported."""
    index = _INDEX[language]
    found = (_PUMPS[index].format(plain(name), _PUMP_STATES[state][index]) for name, state in grounds.pumps)
    return "".join(found)


def readiness_text(grounds: Grounds, language: LanguageCode) -> str:
    """Return a sentence about the readiness without which the level would not be raised yet, and one about rapid rises.

    Each is empty if it does not apply.
    """
    index, nearby = _INDEX[language], grounds.rapid_rises_nearby
    text = _READINESS[grounds.armed_by][index].format(plain(grounds.armed_by_source))
    if nearby:
        text += (_ONE_NEARBY if nearby == 1 else _NEARBY)[index].format(nearby)
    return text
