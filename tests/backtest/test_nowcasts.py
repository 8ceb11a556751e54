"""A back-test takes nowcasts, and says what is wrong with a file of them."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from rencheng.backtest.input_rows import Row
from rencheng.backtest.nowcasts import read_nowcasts
from rencheng.backtest.replay import IssuedMessage, judge_and_notice
from rencheng.backtest.sites import read_sites
from rencheng.domain.errors import NotPossible

BEGIN = datetime.fromisoformat("2026-07-20T15:00:00+08:00")
SITES, _ = read_sites(json.dumps([{"site_id": "A", "type": "road", "depth_gauge_ids": ["G"]}]), "S.json")
DRY = [Row(BEGIN + timedelta(minutes=minute), "G", 0.0) for minute in range(60)]


def nowcast(mm: float) -> dict[str, Any]:
    issued_at = (BEGIN + timedelta(minutes=30)).isoformat()
    sites = [{"site_id": name, "members": [[mm]]} for name in ("A", "another")]
    return {"source": "radar", "issued_at": issued_at, "minutes": [20], "sites": sites}


def test_expected_rain_raises_a_level_from_its_issue_on() -> None:
    expected = read_nowcasts(json.dumps([nowcast(30.0)]), "N.json", SITES)
    [found] = judge_and_notice(SITES, DRY, nowcasts=expected)

    assert isinstance(found, IssuedMessage)
    assert (found.message.level.word, found.message.grounds.rule) == ("blue", "rained")
    assert found.issued_at == BEGIN + timedelta(minutes=30)
    assert list(judge_and_notice(SITES, DRY, nowcasts=read_nowcasts(json.dumps([nowcast(1.0)]), "N.json", SITES))) == []


@pytest.mark.parametrize("text", ["{}", "[{}]", "nonsense"])
def test_a_file_that_holds_no_nowcasts_is_named(text: str) -> None:
    with pytest.raises(NotPossible, match=r"N\.json"):
        read_nowcasts(text, "N.json", SITES)
