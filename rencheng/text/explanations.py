"""The words for what moved a probability, and for what made it enough, in both languages."""

from rencheng.domain.warning import ArmedBy, Grounds
from rencheng.engine.forecast.features import FEATURE_NAMES
from rencheng.engine.forecast.model import STIRRED
from rencheng.text.formatting import plain

_FAST = ("近几分钟涨速", "how fast it rose in the last minutes")
_LONG = ("近20分钟涨势", "how it rose over twenty minutes")
_SPAN = ("距阈值的水深", "how little is missing to the threshold")
_ARRIVAL = ("按当前涨速的到达时间", "how soon this rise arrives there")
_PAST = ("该点以往积水的规律", "what this place's earlier floods did")
_TIDE = ("潮时", "the hour of the tide")
_TURN = ("水位是否已过峰", "whether the peak has passed")
_AGE = ("本次积水的持续时间", "how long it has been wet")
_STEADY = ("读数是否平稳", "how steadily the gauge reads")

WORDS: dict[str, tuple[str, str]] = {
    "depth_mm": ("当前水深", "the depth now"),
    "rise_2": _FAST,
    "rise_3": _FAST,
    "rise_5": _FAST,
    "rise_10": _FAST,
    "rise_20": _LONG,
    "last_rise": _FAST,
    "age_min": _AGE,
    "peak_mm": ("本次最大水深", "the deepest so far"),
    "below_peak_mm": _TURN,
    "since_peak_min": _TURN,
    "gap_min": _STEADY,
    "fastest": ("本次最快涨速", "its fastest rise"),
    "roughness": _STEADY,
    "floods": _PAST,
    "usual_peak": _PAST,
    "usual_rise_min": _PAST,
    "usual_fastest": _PAST,
    "tide_min": _TIDE,
    "tide_concentration": _TIDE,
    "last_flood_h": _PAST,
    "last_peak_mm": _PAST,
    STIRRED: ("同区域其他点位的水位急涨", "how water rises at other places of the region"),
    "threshold_mm": ("阈值高低", "how high the threshold lies"),
    "missing_mm": _SPAN,
    "arrival_3_min": _ARRIVAL,
    "arrival_5_min": _ARRIVAL,
    "arrival_10_min": _ARRIVAL,
    "went_on_share": _PAST,
}
"""Chinese and English for every feature of the model."""

_ARMED = {
    ArmedBy.NOTHING: ("", ""),
    ArmedBy.RAIN: ("该点位降雨后已进入戒备，判定从严。", " Rain had put this place on the alert."),
    ArmedBy.WEATHER: (
        "气象预警或预报（{}）使该点位进入戒备，判定从严。",
        " The weather service had put this place on the alert ({}).",
    ),
}

if missing := {*FEATURE_NAMES, STIRRED} - set(WORDS):
    raise AssertionError(f"no words for {missing}")


def chinese_reasons(because: tuple[tuple[str, float], ...]) -> str:
    """What spoke for it most, each thing once."""
    return "、".join(dict.fromkeys(WORDS[name][0] for name, change in because if change > 0 and name in WORDS))


def english_reasons(because: tuple[tuple[str, float], ...]) -> str:
    """What spoke for it most, each thing once."""
    return ", ".join(dict.fromkeys(WORDS[name][1] for name, change in because if change > 0 and name in WORDS))


def armed_zh(grounds: Grounds) -> str:
    """What the level would not have been foretold without yet, and what is seen near by."""
    return _ARMED[grounds.armed_by][0].format(plain(grounds.armed_by_source)) + (
        f"同区域另有{grounds.rapid_rises_nearby}处点位半小时内水位急涨。" if grounds.rapid_rises_nearby else ""
    )


def armed_en(grounds: Grounds) -> str:
    """What the level would not have been foretold without yet, and what is seen near by."""
    places = "one other place" if grounds.rapid_rises_nearby == 1 else f"{grounds.rapid_rises_nearby} other places"
    return _ARMED[grounds.armed_by][1].format(plain(grounds.armed_by_source)) + (
        f" Water rose fast at {places} of the region within half an hour." if grounds.rapid_rises_nearby else ""
    )
