"""The meaning and the remedy of each rejection reason, in Chinese and English."""

from dataclasses import dataclass

from rencheng.domain.errors import RejectionReason


@dataclass(frozen=True, slots=True)
class Remedy:
    """The meaning of a reason, and what an operator should do."""

    meaning_zh: str
    meaning_en: str
    remedy_zh: str
    remedy_en: str


REMEDIES: dict[RejectionReason, Remedy] = {
    RejectionReason.TOPIC: Remedy(
        "主题不符合约定，或该通道不入库。",
        "The topic is not part of the topic tree, or its channel has no readings.",
        "更正设备的主题设置；已收到的报文，重放时指定正确主题。",
        "Correct the topic in the device. Replay the received messages with the right topic.",
    ),
    RejectionReason.UNKNOWN_DEVICE: Remedy(
        "设备未登记。",
        "The device is not registered.",
        "核实后接纳设备（device admit），其已发数据随即重放；来历不明的设备不予接纳。",
        "Admit a device that you know (`device admit`); its messages are then replayed. Leave any other pending.",
    ),
    RejectionReason.RETIRED_DEVICE: Remedy(
        "设备已退役。",
        "The device is retired.",
        "确已退役则断开设备；误退役则重新登记（device add）后重放。",
        "Switch the device off. If it was retired by mistake, register it again (`device add`) and replay.",
    ),
    RejectionReason.WRONG_ADDRESS: Remedy(
        "主题中的区划或类别与登记不符。",
        "The device is registered in another region, or as another kind, than its topic names.",
        "登记有误则更正登记（device change）；设备设置有误则更正设备，已收到的报文指定正确主题后重放。",
        "Correct the registration (`device change`) and replay. If the device is wrong, correct it, and replay with the"
        " right topic.",
    ),
    RejectionReason.UNDECODABLE: Remedy(
        "报文不能按设备的编码格式解析。",
        "The device's codec cannot decode the payload.",
        "编码格式登记有误则更正（device change --codec）；报文损坏则修正报文后重放。",
        "Set the right codec (`device change --codec`), or replay with a corrected payload.",
    ),
    RejectionReason.INVALID: Remedy(
        "报文可以解析，但有字段或数值无效。",
        "The payload was decoded, and a field or value in it is invalid.",
        "按明细所指字段修正报文后重放，并请厂家处理。",
        "The detail names the field. Replay with a corrected payload, and inform the vendor.",
    ),
    RejectionReason.CLOCK_FUTURE: Remedy(
        "采样时间超前于接收时间过多。",
        "The sample time is too far ahead of the time of reception.",
        "校准设备时钟；偏差已知的，更正时间后重放。",
        "Set the device's clock. If you know its error, replay with the corrected time.",
    ),
    RejectionReason.CLOCK_PAST: Remedy(
        "采样时间过旧，超出补报期限。",
        "The sample time is older than the allowed buffering time.",
        "确为补报的，放宽 RENCHENG_INGEST_PAST_DAYS 后重放；时钟有误的，更正时间后重放。",
        "For a real backlog, raise RENCHENG_INGEST_PAST_DAYS and replay. Otherwise replay with the corrected time.",
    ),
    RejectionReason.CONFLICT: Remedy(
        "相同键的读数已入库，但数值不同。",
        "A reading with the same key and other values is stored.",
        "已入库读数不会被改写。查明设备为何重复使用同一采样时间；确属另一读数的，更正时间后重放。",
        "Stored readings are never overwritten. Find out why the device uses a sample time twice. If this is another"
        " reading, replay it with its own time.",
    ),
    RejectionReason.STORE_REFUSED: Remedy(
        "数据库拒收此行，重试无效。",
        "The database rejects this row permanently.",
        "见明细；通常为数值超出列的范围，修正报文后重放。",
        "See the detail. Usually a value is out of range for its column. Replay with a corrected payload.",
    ),
    RejectionReason.QUOTA: Remedy(
        "设备发送超过限额；每小时保留第一条，其余只计数。",
        "The device exceeded its quota. The first message of each hour is kept; the others are only counted.",
        "查明设备超额发送的原因；确有需要的，提高其限额（device change --quota-per-minute）。",
        "Find out why the device sends so often. If it is right, raise its quota (`device change --quota-per-minute`).",
    ),
}
"""A reason without a remedy fails `make lint` (`rencheng reference --check`)."""
