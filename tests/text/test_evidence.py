"""Evidence is in the sentences of both languages, corroborating before contradicting."""

from datetime import UTC, datetime

import pytest

from rencheng.domain.evidence import Evidence, EvidenceKind
from rencheng.text.evidence import evidence_text

SINCE = datetime(2026, 7, 1, 8, 5, tzinfo=UTC)


def test_without_evidence_there_is_no_sentence() -> None:
    assert (evidence_text((), "zh"), evidence_text((), "en")) == ("", "")


def test_corroborating_and_contradicting_evidence_have_a_sentence_each() -> None:
    evidence = (
        Evidence(EvidenceKind.TRAFFIC_FLOWS, "s1", SINCE),
        Evidence(EvidenceKind.GROUND_FAULT, "p1", SINCE),
        Evidence(EvidenceKind.LEAKAGE_RISES, "p2", SINCE),
    )

    assert evidence_text(evidence, "zh") == (
        "佐证：充电桩p1接地故障（16:05起）、充电桩p2漏电流上升（16:05起）。存疑：信号机s1处车流正常（16:05起），请现场核实。"
    )
    assert evidence_text(evidence, "en") == (
        " Corroborated by: charger p1 reports a ground fault (since 16:05),"
        " the leakage current of charger p2 rises (since 16:05)."
        " Contradicted by: traffic flows normally at signal s1 (since 16:05). Verify on site."
    )


@pytest.mark.parametrize("kind", EvidenceKind)
def test_every_kind_of_evidence_has_words(kind: EvidenceKind) -> None:
    evidence = (Evidence(kind, "x<1>", SINCE),)

    assert "x＜1＞" in evidence_text(evidence, "zh")
    assert "x＜1＞" in evidence_text(evidence, "en")
