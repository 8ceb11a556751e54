"""What other devices tell of the water, as a dispatcher reads it."""

from collections.abc import Sequence

from rencheng.domain.evidence import CONTRADICTING, Evidence, EvidenceKind
from rencheng.text.formatting import local, plain

_ZH = {
    EvidenceKind.TRAFFIC_STANDS: "信号机{}处车辆滞留不动",
    EvidenceKind.TRAFFIC_FLOWS: "信号机{}处车流如常",
    EvidenceKind.SIGNAL_FLASHES: "信号机{}故障闪光",
    EvidenceKind.SIGNAL_WITHOUT_POWER: "信号机{}断电",
    EvidenceKind.GROUND_FAULT: "充电桩{}接地故障",
    EvidenceKind.LEAKAGE_RISES: "充电桩{}漏电流上升",
    EvidenceKind.PILES_OFFLINE: "充电桩{}等同时离线",
}
_EN = {
    EvidenceKind.TRAFFIC_STANDS: "traffic stands at signal {}",
    EvidenceKind.TRAFFIC_FLOWS: "traffic flows as usual at signal {}",
    EvidenceKind.SIGNAL_FLASHES: "signal {} flashes by a fault",
    EvidenceKind.SIGNAL_WITHOUT_POWER: "signal {} has lost its power",
    EvidenceKind.GROUND_FAULT: "pile {} reports a ground fault",
    EvidenceKind.LEAKAGE_RISES: "the leakage of pile {} rises",
    EvidenceKind.PILES_OFFLINE: "pile {} and others went offline together",
}


def evidence_zh(signs: Sequence[Evidence]) -> str:
    """A sentence for what supports the gauge, and one for what makes one doubt it; empty without signs."""
    supports, questions = _told(signs, _ZH, "（{}起）")
    first = f"佐证：{'、'.join(supports)}。" if supports else ""
    return first + (f"存疑：{'、'.join(questions)}，请现场核实。" if questions else "")


def evidence_en(signs: Sequence[Evidence]) -> str:
    """As `signs_zh`, with a blank before it."""
    supports, questions = _told(signs, _EN, " (since {})")
    first = f" In support: {', '.join(supports)}." if supports else ""
    return first + (f" In doubt, check on the spot: {', '.join(questions)}." if questions else "")


def _told(signs: Sequence[Evidence], words: dict[EvidenceKind, str], since: str) -> tuple[list[str], list[str]]:
    supports: list[str] = []
    questions: list[str] = []
    for sign in signs:
        text = words[sign.kind].format(plain(sign.device_id)) + since.format(_clock(sign))
        (questions if sign.kind in CONTRADICTING else supports).append(text)
    return supports, questions


def _clock(sign: Evidence) -> str:
    return f"{local(sign.since):%H:%M}"
