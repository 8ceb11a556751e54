"""Sentences about the evidence of other devices near a site."""

from collections.abc import Sequence

from rencheng.domain.evidence import CONTRADICTING, Evidence, EvidenceKind
from rencheng.text.formatting import local, plain
from rencheng.text.language import LanguageCode

_KINDS: dict[EvidenceKind, dict[LanguageCode, str]] = {
    EvidenceKind.TRAFFIC_STANDS: {"zh": "信号机{}处车辆滞留", "en": "traffic is stationary at signal {}"},
    EvidenceKind.TRAFFIC_FLOWS: {"zh": "信号机{}处车流正常", "en": "traffic flows normally at signal {}"},
    EvidenceKind.SIGNAL_FLASHES: {"zh": "信号机{}故障闪光", "en": "signal {} flashes because of a fault"},
    EvidenceKind.SIGNAL_WITHOUT_POWER: {"zh": "信号机{}断电", "en": "signal {} has lost power"},
    EvidenceKind.GROUND_FAULT: {"zh": "充电桩{}接地故障", "en": "charger {} reports a ground fault"},
    EvidenceKind.LEAKAGE_RISES: {"zh": "充电桩{}漏电流上升", "en": "the leakage current of charger {} rises"},
    EvidenceKind.CHARGERS_OFFLINE: {"zh": "充电桩{}等同时离线", "en": "charger {} and others went offline together"},
}
_SINCE: dict[LanguageCode, str] = {"zh": "{}（{:%H:%M}起）", "en": "{} (since {:%H:%M})"}
_SEPARATOR: dict[LanguageCode, str] = {"zh": "、", "en": ", "}
_CORROBORATED: dict[LanguageCode, str] = {"zh": "佐证：{}。", "en": " Corroborated by: {}."}
_CONTRADICTED: dict[LanguageCode, str] = {
    "zh": "存疑：{}，请现场核实。",
    "en": " Contradicted by: {}. Verify on site.",
}


def evidence_text(evidence: Sequence[Evidence], language: LanguageCode) -> str:
    """Return a sentence for the corroborating and one for the contradicting evidence; empty without evidence."""
    text = ""
    for template, contradicts in ((_CORROBORATED, False), (_CONTRADICTED, True)):
        found = [_one(each, language) for each in evidence if (each.kind in CONTRADICTING) is contradicts]
        text += template[language].format(_SEPARATOR[language].join(found)) if found else ""
    return text


def _one(evidence: Evidence, language: LanguageCode) -> str:
    what = _KINDS[evidence.kind][language].format(plain(evidence.device_id))
    return _SINCE[language].format(what, local(evidence.since))
