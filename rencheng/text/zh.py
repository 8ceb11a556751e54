"""The words of a warning in Chinese: 标题、描述、处置要求."""

from rencheng.domain.level import WARNING_LEVELS, Level
from rencheng.domain.site import SiteType
from rencheng.domain.warning import Certainty, MessageType
from rencheng.text.formatting import place_zh
from rencheng.text.language import Language

CHINESE = Language(
    code="zh",
    tag="zh-CN",
    event="城市积水",
    place=place_zh,
    exercise="【演练】",
    time="{0.year}年{0.month}月{0.day}日{0:%H:%M}",
    place_and_type="{place}（{type}）",
    colours={level: level.chinese for level in WARNING_LEVELS},
    actions={MessageType.ALERT: "发布", MessageType.UPDATE: "更新", MessageType.CANCEL: "解除"},
    odds={Certainty.OBSERVED: "将", Certainty.LIKELY: "很可能", Certainty.POSSIBLE: "可能"},
    site_types={
        SiteType.ROAD: "路段",
        SiteType.UNDERPASS: "下穿通道",
        SiteType.TUNNEL: "隧道",
        SiteType.METRO_ENTRANCE: "地铁出入口",
        SiteType.UNDERGROUND_CAR_PARK: "地下停车场",
        SiteType.LOW_LYING_COMMUNITY: "低洼社区",
        SiteType.CHARGING_STATION: "充电站",
        SiteType.CHANNEL: "河渠",
    },
    headline_begin="{sender}{action}",
    headline_end="积水{colour}预警",
    depth_description="{time}，{place}{measured}，{movement}，{finding}。{forecast}{evidence}{basis}",
    measured="监测点{gauge}测得积水深{depth}厘米",
    measured_elsewhere="监测点{gauge}读数{read}厘米，最低处积水深{depth}厘米",
    rain_description=(
        "{time}，{place}近15分钟降雨{quarter}毫米、近1小时降雨{hour}毫米，{depth}，可能很快出现积水，"
        "预警等级为{colour}。{learned}{evidence}{basis}"
    ),
    rain_expected="{source}的短临预报显示未来半小时内仍有强降雨。",
    rain_learned="该点位有记录的{storms}场强降雨中，{floods}场水深达到该阈值。",
    unknown_description="{time}，{place}暂无可用监测数据，{finding}。{evidence}{basis}",
    aged="该读数采集于{minutes}分钟前，刚刚到达。",
    unconfirmed="读数刚刚突升，等待下一次读数证实，请立即现场核实。",
    confirmed="经{by}现场核实确有积水。",
    renewed="仍维持{colour}预警（阈值{threshold}厘米）",
    lost_trust="监测点{gauge}的读数已不可信，水深不明，仍维持{colour}预警，请现场核实",
    rain_ended="降雨影响已过，{colour}预警解除",
    lapsed="最近测得的水深已不足以维持预警，{colour}预警解除",
    basis="依据该点位第{version}版阈值判定。",
    depth_unknown="当前水深不明",
    depth_now="当前水深{depth}厘米",
    rise_unknown="涨速不明",
    steady="水位平稳",
    rising="每分钟上涨{rate}毫米",
    falling="每分钟下降{rate}毫米",
    ended="低于阈值{threshold}厘米，{colour}预警解除",
    predicted="预计{when}{odds}达到{colour}预警阈值{threshold}厘米",
    observed="已达到{colour}预警阈值{threshold}厘米",
    receded="低于阈值{threshold}厘米，预警等级调整为{colour}",
    soon="随后",
    within_a_minute="1分钟内（{time}前后）",
    in_one_minute="约{minutes}分钟后（{time}前后）",
    in_minutes="约{minutes}分钟后（{time}前后）",
    usual_tide="该处积水随潮汐涨落，通常最深约{usual}厘米。",
    above_tide="本次明显高于该处随潮汐涨落的通常水深（约{usual}厘米）。",
    half_hour="半小时",
    minutes="{minutes}分钟",
    forecast="{horizon}内达到的概率为{percent}%{interval}{reasons}。{readiness}",
    interval="，最早{earliest}分钟、最迟{latest}分钟后",
    reasons="，主要依据：{reasons}",
    instructions={
        Level.RED: "请立即封闭现场，严禁车辆和人员进入，疏散滞留人员，组织强排。",
        Level.ORANGE: "请立即派员到场管控，劝阻车辆和人员进入，做好封闭和强排准备。",
        Level.YELLOW: "请派员到场值守，备好围挡和水泵，引导车辆和人员绕行。",
        Level.BLUE: "请加强巡查，检查雨水口和水泵，关注水位变化。",
    },
    instructions_by_type={
        SiteType.METRO_ENTRANCE: "同时安装防淹挡板，通知车站做好疏散准备。",
        SiteType.UNDERGROUND_CAR_PARK: "同时启用入口挡水设施，通知车内和库内人员撤离，不得返回挪车。",
        SiteType.CHARGING_STATION: "同时通知运营单位停止充电并断电，人员远离充电桩。",
    },
    all_clear="恢复通行前，请现场确认路面、井盖和用电设备安全，并反馈处置情况。",
    acknowledge="收到后请确认，并反馈处置情况。",
)
