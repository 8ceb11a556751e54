"""The words of a warning in English."""

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.site import SiteType
from rencheng.domain.warning import Certainty, MessageType
from rencheng.text.formatting import place_en
from rencheng.text.language import Language

ENGLISH = Language(
    code="en",
    tag="en-US",
    event="Urban ponding",
    place=place_en,
    exercise="EXERCISE: ",
    time="{0:%Y-%m-%d %H:%M} (Beijing time)",
    place_and_type="{place} ({type})",
    colours={level: level.word for level in WARNING_LEVELS},
    actions={MessageType.ALERT: "issues", MessageType.UPDATE: "updates", MessageType.CANCEL: "lifts"},
    odds={
        Certainty.OBSERVED: "is expected to",
        Certainty.LIKELY: "is likely to",
        Certainty.POSSIBLE: "may possibly",
    },
    site_types={site_type: site_type.replace("_", " ") for site_type in SiteType},
    headline_begin="{sender} {action} {colour} ponding warning for ",
    headline_end="",
    depth_description=("{time}, {place}: {measured}, {movement}, {finding}.{forecast}{evidence} {basis}"),
    measured="gauge {gauge} measured {depth} cm of water",
    measured_elsewhere="gauge {gauge} read {read} cm, which is {depth} cm of water at the lowest point",
    rain_description=(
        "{time}, {place}: {quarter} mm of rain in 15 minutes and {hour} mm in one hour, {depth}. "
        "Ponding may begin soon. The warning level is {colour}.{learned}{evidence} {basis}"
    ),
    rain_expected=" The nowcast of {source} expects more heavy rain within half an hour.",
    rain_learned=" Of {storms} recorded storms here, {floods} raised the water to this threshold.",
    unknown_description="{time}, {place}: no gauge measures at present. {finding}.{evidence} {basis}",
    aged=" The reading was taken {minutes} min ago and has just arrived.",
    unconfirmed=" The depth has just jumped and awaits the next sample. Check on site now.",
    confirmed=" Water was confirmed on site by {by}.",
    renewed="The {colour} warning remains in force (threshold {threshold} cm)",
    lost_trust=(
        "The readings of gauge {gauge} are no longer trusted. The {colour} warning remains in force. Verify on site"
    ),
    overflows="gauge {gauge} shows that water comes out of a manhole. The warning level is {colour}. Verify on site",
    rain_ended="The rain no longer has an effect. The {colour} warning has ended",
    lapsed="The last measured depths no longer support the {colour} warning, which has ended",
    basis="Basis: version {version} of the thresholds of this site.",
    depth_unknown="current depth unknown",
    depth_now="current depth {depth} cm",
    rise_unknown="rate of rise unknown",
    steady="steady",
    rising="rising {rate} mm a minute",
    falling="falling {rate} mm a minute",
    ended="below the threshold of {threshold} cm. The {colour} warning has ended",
    predicted="and {odds} reach the {colour} threshold of {threshold} cm {when}",
    observed="and has reached the {colour} threshold of {threshold} cm",
    receded="below the threshold of {threshold} cm. The warning level is now {colour}",
    soon="soon",
    within_a_minute="within a minute (at {time})",
    in_one_minute="in about {minutes} minute (at {time})",
    in_minutes="in about {minutes} minutes (at {time})",
    tide_table=" By the tide table high water is at {time}, with about {usual} cm here.",
    usual_tide=" Water comes here with the tide, usually up to {usual} cm.",
    above_tide=" This is clearly above the usual tide here (about {usual} cm).",
    half_hour="half an hour",
    minutes="{minutes} minutes",
    forecast=" The probability within {horizon} is {percent} %{interval}{reasons}.{readiness}",
    interval=". Arrival in {earliest} to {latest} minutes",
    reasons=". Main reasons: {reasons}",
    instructions={
        Level.RED: "Close the site now. Keep all vehicles and people out. Evacuate people. Start pumps.",
        Level.ORANGE: "Send staff now to keep vehicles and pedestrians out. Prepare to close the site and to pump.",
        Level.YELLOW: "Send staff with barriers and pumps. Divert vehicles and pedestrians.",
        Level.BLUE: "Patrol more often. Check gullies and pumps. Watch the water level.",
    },
    instructions_by_type={
        SiteType.METRO_ENTRANCE: " Install the flood boards. Tell the station to prepare for evacuation.",
        SiteType.UNDERGROUND_CAR_PARK: (
            " Raise the flood gate at the ramp. Evacuate everyone. Let no one go back for a car."
        ),
        SiteType.CHARGING_STATION: (
            " Have the operator stop charging and cut the power. Keep people away from the chargers."
        ),
    },
    all_clear=(
        "Before reopening, check the road surface, manhole covers and electrical equipment on site, and report back."
    ),
    acknowledge=" Acknowledge this message and report the action taken.",
)
