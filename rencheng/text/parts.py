"""The state of the platform's parts in both languages."""

from rencheng.domain.heartbeat import Part, PartCondition, PartReason, PartState

PARTS: dict[Part, tuple[str, str]] = {
    Part.DATABASE: ("数据库", "database"),
    Part.INGEST: ("数据接入", "ingest"),
    Part.ALERTS: ("预警服务", "alert service"),
    Part.RESPONSE: ("信息发送", "response service"),
    Part.API: ("接口服务", "API"),
    Part.JOBS: ("定时任务", "periodic jobs"),
    Part.WATCH: ("自检", "watch"),
    Part.ACCOUNTS: ("账号同步", "broker accounts"),
}

_STATES: dict[PartState, tuple[str, str]] = {
    PartState.OK: ("正常", "ok"),
    PartState.BEHIND: ("滞后", "behind"),
    PartState.DOWN: ("中断", "down"),
}

_REASONS: dict[PartReason, tuple[str, str]] = {
    PartReason.NOT_STARTED: ("从未启动，请启动该服务", "it has never started; start it"),
    PartReason.STOPPED: ("已停止{zh}，请启动该服务", "it was stopped {en} ago; start it"),
    PartReason.SILENT: (
        "{zh}没有心跳：进程已退出或卡死，请查看日志并重启",
        "no heartbeat for {en}: the process is dead or hangs; see its log and restart it",
    ),
    PartReason.STANDS_STILL: (
        "主循环停滞{zh}，请查看日志；数据库是否响应",
        "its main loop has stood still for {en}; see its log, and whether the database answers",
    ),
    PartReason.NO_BROKER: (
        "与消息服务器断开{zh}，请检查 Mosquitto",
        "no connection to the broker for {en}; check Mosquitto and the account",
    ),
    PartReason.NO_REGISTRY: (
        "{zh}未能读取设备和点位，请检查数据库",
        "devices and sites not loaded for {en}; check the database",
    ),
    PartReason.LATE: (
        "待处理数据滞后{zh}，请检查负载和数据库",
        "received data waits for {en}; check the load and the database",
    ),
    PartReason.UNDELIVERED: (
        "有预警{zh}未送达，请检查 Mosquitto",
        "a due warning is undelivered for {en}; check Mosquitto",
    ),
    PartReason.OVERDUE: (
        "{subject} 已{zh}未成功，请运行 jobs list",
        "{subject} has not succeeded for {en}; see `jobs list`",
    ),
    PartReason.FAULTS: (
        "发现问题：{subject}，请运行 rencheng doctor",
        "it finds faults: {subject}; see `rencheng doctor`",
    ),
    PartReason.NO_ALARM: (
        "{zh}无法连接外部告警，请检查 RENCHENG_HEARTBEAT_URL",
        "the outside alarm has not been reached for {en}; check RENCHENG_HEARTBEAT_URL",
    ),
    PartReason.NO_ANSWER: ("无响应，请检查数据库和网络", "no answer; check the server and the network"),
}


def part_text(condition: PartCondition) -> tuple[str, str]:
    """Return the state of a part with its reason and remedy, in Chinese and in English."""
    zh, en = PARTS[condition.part]
    state_zh, state_en = _STATES[condition.state]
    if condition.reason is None:
        return f"{zh}{state_zh}", f"{en}: {state_en}"
    time_zh, time_en = _duration(condition.seconds)
    reason_zh, reason_en = _REASONS[condition.reason]
    fields = {"zh": time_zh, "en": time_en, "subject": condition.subject}
    return f"{zh}{state_zh}：{reason_zh.format(**fields)}", f"{en} {state_en}: {reason_en.format(**fields)}"


def _duration(seconds: float | None) -> tuple[str, str]:
    if seconds is None:
        return "", ""
    if seconds < 120:  # noqa: PLR2004 - two minutes
        return f"{seconds:.0f}秒", f"{seconds:.0f} s"
    if seconds < 7200:  # noqa: PLR2004 - two hours
        return f"{seconds / 60:.0f}分钟", f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f}小时", f"{seconds / 3600:.0f} h"
