"""A warning in Chinese: 标题、描述、处置要求."""

from datetime import timedelta

from rencheng.domain.level import Level
from rencheng.domain.site import Site, SiteType
from rencheng.domain.warning import Certainty, MessageType, WarningMessage, WarningRule
from rencheng.text.evidence import evidence_zh
from rencheng.text.explanations import armed_zh, chinese_reasons
from rencheng.text.formatting import centimetres, local, minutes_left, number, place_zh, plain, shortened
from rencheng.text.publisher import Publisher

EVENT = "城市积水"

_VERBS = {MessageType.ALERT: "发布", MessageType.UPDATE: "更新", MessageType.CANCEL: "解除"}

_PLACES = {
    SiteType.ROAD: "路段",
    SiteType.UNDERPASS: "下穿通道",
    SiteType.TUNNEL: "隧道",
    SiteType.METRO_ENTRANCE: "地铁出入口",
    SiteType.UNDERGROUND_CAR_PARK: "地下停车场",
    SiteType.LOW_LYING_COMMUNITY: "低洼社区",
    SiteType.CHARGING_STATION: "充电站",
    SiteType.CHANNEL: "河渠",
}

_ORDERS = {
    Level.RED: "请立即封闭现场，严禁车辆和人员进入，疏散滞留人员，组织强排。",
    Level.ORANGE: "请立即派员到场管控，劝阻车辆和人员进入，做好封闭和强排准备。",
    Level.YELLOW: "请派员到场值守，备好围挡和水泵，提醒车辆和人员绕行。",
    Level.BLUE: "请加强巡查，检查雨水口和水泵，关注水位变化。",
}

_ORDERS_BY_PLACE = {
    SiteType.METRO_ENTRANCE: "同时安装防淹挡板，通知车站做好疏散。",
    SiteType.UNDERGROUND_CAR_PARK: "同时启用入口挡水设施，通知车内和库内人员撤离，不得返回挪车。",
    SiteType.CHARGING_STATION: "同时通知运营单位停止充电并断电，人员远离充电桩。",
}

_ALL_CLEAR = "恢复通行前，请现场确认路面、井盖和用电设备安全，并反馈处置情况。"


def headline(message: WarningMessage, site: Site, publisher: Publisher, chars_max: int) -> str:
    """In the national form: <发布单位>发布<地点>积水<颜色>预警."""
    begin = f"{_exercise(message)}{plain(publisher.sender_name_zh)}{_VERBS[message.message_type]}"
    end = f"积水{message.level.chinese}预警"
    return begin + shortened(place_zh(site), chars_max - len(begin) - len(end)) + end


def description(message: WarningMessage, site: Site) -> str:
    """What was measured, against what, how the water moves, and why that is believed."""
    grounds = message.grounds
    at = local(message.issued_at)
    when = f"{at.year}年{at.month}月{at.day}日{at:%H:%M}"
    basis = f"依据该点位第{grounds.profile_version}版阈值判定。"
    begin = f"{_exercise(message)}{when}，{_where(site)}"
    if grounds.rule == WarningRule.RAINED and not message.ends_warning:
        outlook = f"{_depth_now(grounds.depth_mm)}可能很快积水，现为{message.level.chinese}预警。"
        return f"{begin}{_rain(message)}，{outlook}{evidence_zh(message.evidence)}{basis}"
    found = f"{_finding(message)}{_why(message)}{evidence_zh(message.evidence)}"
    gauge = f"监测点{plain(grounds.device_id)}测得积水深{centimetres(grounds.depth_mm or 0.0)}厘米"
    return f"{begin}{gauge}，{_movement(message)}{found}{basis}"


def _rain(message: WarningMessage) -> str:
    quarter_mm, hour_mm = message.grounds.rain_quarter_mm or 0.0, message.grounds.rain_hour_mm or 0.0
    return f"近15分钟降雨{number(quarter_mm)}毫米、近1小时{number(hour_mm)}毫米"


def _depth_now(depth_mm: float | None) -> str:
    """No data is never zero."""
    return "当前水深不明，" if depth_mm is None else f"当前水深{centimetres(depth_mm)}厘米，"


def _why(message: WarningMessage) -> str:
    """How sure it is, between when and when, and what spoke for it."""
    grounds = message.grounds
    if grounds.rule != WarningRule.PREDICTED or grounds.probability is None:
        return ""
    sure = f"半小时内概率{round(grounds.probability * 100)}%"
    if grounds.earliest_s is not None and grounds.latest_s is not None:
        sure += f"，最早{minutes_left(grounds.earliest_s)}分钟、最迟{minutes_left(grounds.latest_s) + 1}分钟"
    reasons = chinese_reasons(grounds.attribution)
    return f"{sure}{f'，主要依据：{reasons}' if reasons else ''}。{armed_zh(grounds)}"


def instruction(message: WarningMessage, site: Site) -> str:
    """What whoever is on duty should do now."""
    if message.ends_warning:
        return _exercise(message) + _ALL_CLEAR
    extra = _ORDERS_BY_PLACE.get(site.site_type, "") if message.level >= Level.ORANGE else ""
    return f"{_exercise(message)}{_ORDERS[message.level]}{extra}收到后请确认，并反馈处置情况。"


def _exercise(message: WarningMessage) -> str:
    """Said first, so that nobody reads on in alarm."""
    return "【演练】" if message.is_exercise else ""


def _where(site: Site) -> str:
    """The name, and what kind of place it is unless the name says so."""
    name, kind = place_zh(site), _PLACES[site.site_type]
    return name if kind in name else f"{name}（{kind}）"


def _movement(message: WarningMessage) -> str:
    """Rise or fall of the last minutes."""
    rise = message.grounds.rise_mm_per_min
    if rise is None:
        return "涨速暂不可知，"
    if number(rise) == "0":
        return "水位平稳，"
    return f"每分钟{'上涨' if rise > 0 else '下降'}{number(abs(rise))}毫米，"


def _finding(message: WarningMessage) -> str:
    """How the depth stands to the threshold, in one clause."""
    grounds, colour = message.grounds, message.level.chinese
    threshold = f"阈值{centimetres(grounds.threshold_mm)}厘米"
    if message.ends_warning:
        return f"低于{threshold}，{colour}预警解除。"
    if grounds.rule == WarningRule.PREDICTED:
        return f"预计{_when_crossed(message)}{_odds(message.certainty)}达到{colour}预警{threshold}。"
    if grounds.rule == WarningRule.OBSERVED:
        return f"已达到{colour}预警{threshold}。"
    return f"低于{threshold}，预警等级现为{colour}。"


def _odds(certainty: Certainty) -> str:
    """How sure a prediction is."""
    return {Certainty.LIKELY: "很可能", Certainty.POSSIBLE: "可能"}.get(certainty, "")


def _when_crossed(message: WarningMessage) -> str:
    """Minutes from now, and the time on the clock."""
    eta_s = message.grounds.eta_s
    if eta_s is None:
        return "随后"
    clock = local(message.issued_at) + timedelta(seconds=eta_s)
    minutes = minutes_left(eta_s)
    return f"{f'约{minutes}分钟后' if minutes else '1分钟内'}（{clock:%H:%M}前后）"
