"""What each reason of quarantine means, and what helps, in the words of people."""

from dataclasses import dataclass

from rencheng.domain.errors import RejectionReason


@dataclass(frozen=True, slots=True)
class Remedy:
    """A reason in words, and what an operator does about it; in Chinese and English."""

    meaning_zh: str
    meaning_en: str
    remedy_zh: str
    remedy_en: str


REMEDIES: dict[RejectionReason, Remedy] = {
    RejectionReason.TOPIC: Remedy(
        "主题不符合约定，或该通道不入库。",
        "The topic is not one of ours, or its channel carries nothing to store.",
        "改正设备的主题设置；已收到的，重放时另给主题。",
        "Correct the topic in the device; replay what came with another topic.",
    ),
    RejectionReason.UNKNOWN_DEVICE: Remedy(
        "设备未登记。",
        "Nobody registered the device.",
        "核实后接纳设备（device admit），它发过的数据随即重放；不认识的，不予理会。",
        "Once you know it, admit it (`device admit`): what it sent is replayed. Leave what you do not know.",
    ),
    RejectionReason.RETIRED_DEVICE: Remedy(
        "设备已退役。",
        "The device was taken out of service.",
        "确已退役则断开设备；误退役则重新登记（device add）后重放。",
        "Switch it off; if it was retired in error, register it again (`device add`) and replay.",
    ),
    RejectionReason.WRONG_ADDRESS: Remedy(
        "主题中的区划或类别与登记不符。",
        "The device is registered in another region or as another kind than its topic says.",
        "登记有误则更正登记（device change）；设备设置有误则更正设备，已收到的另给主题重放。",
        "Correct the register (`device change`), or the device; then replay, in the second case with the right topic.",
    ),
    RejectionReason.UNDECODABLE: Remedy(
        "报文不能按设备的编码格式解析。",
        "The payload is not what the device's codec reads.",
        "格式登记有误则更正（device change --codec）；报文本身损坏则改好报文后重放。",
        "Name the right codec (`device change --codec`), or replay with a mended payload.",
    ),
    RejectionReason.INVALID: Remedy(
        "报文可以解析，但有字段或数值不可能。",
        "The payload was read, and a field or value in it cannot be.",
        "看明细说的是哪个字段，改好报文后重放，并请厂家修正。",
        "The detail names the field: replay with a mended payload, and tell the vendor.",
    ),
    RejectionReason.CLOCK_FUTURE: Remedy(
        "采样时间超前于接收时间过多。",
        "The sample time lies too far ahead of the time of reception.",
        "校准设备时钟；知道偏差的，改好时间后重放。",
        "Set the device's clock; if you know by how much it was wrong, replay with a mended time.",
    ),
    RejectionReason.CLOCK_PAST: Remedy(
        "采样时间过旧，超出补报期限。",
        "The sample time is older than a device may buffer.",
        "确为补报的，放宽 RENCHENG_INGEST_PAST_DAYS 后重放；时钟有误的，改好时间后重放。",
        "If it is a true backlog, widen RENCHENG_INGEST_PAST_DAYS and replay; else replay with a mended time.",
    ),
    RejectionReason.CONFLICT: Remedy(
        "同一键已有读数，而数值不同。",
        "The same key is stored already, with other values.",
        "已入库的从不改写。查明设备为何重复使用同一采样时间；确属另一读数的，改好时间后重放。",
        "What is stored is never overwritten. Find out why the device uses a sample time twice; if it is another"
        " reading, replay it with its own time.",
    ),
    RejectionReason.STORE_REFUSED: Remedy(
        "数据库拒收此行，且总会拒收。",
        "The database refused this row, and would always refuse it.",
        "看明细；通常是数值超出列的范围，改好报文后重放。",
        "See the detail; mostly a value is beyond its column: replay with a mended payload.",
    ),
    RejectionReason.QUOTA: Remedy(
        "设备发送超过限额；每小时保留第一条，其余只计数。",
        "The device sent more than it may; the first message of each hour is kept, the others are only counted.",
        "查明设备为何猛发；确有需要的，提高其限额（device change --quota-per-minute）。",
        "Find out why it floods; if it must, raise its quota (`device change --quota-per-minute`).",
    ),
}
"""A reason without words fails `make lint` (`rencheng reference --check`)."""
