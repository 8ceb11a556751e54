"""One line of the back-test's output for each message and notice."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from rencheng.backtest.replay import Issued, IssuedMessage, IssuedNotice
from rencheng.cap import mapping
from rencheng.domain.site import Site
from rencheng.domain.warning import Certainty
from rencheng.text.en import ENGLISH
from rencheng.text.monitoring import monitoring_text
from rencheng.text.sentences import description
from rencheng.text.zh import CHINESE


def as_line(issued: Issued, sites: Mapping[str, Site]) -> str:
    """Return the JSON object, without a line break.

    `level` is the level that ended on a cancel, and the urgency on a notice.
    """
    return json.dumps(
        _warning(issued, sites) if isinstance(issued, IssuedMessage) else _notice(issued, sites), ensure_ascii=False
    )


def _warning(judged: IssuedMessage, sites: Mapping[str, Site]) -> dict[str, object]:
    message = judged.message
    site = sites[message.site_id]
    sentences = {"zh": description(message, site, CHINESE), "en": description(message, site, ENGLISH)}
    return {
        "site_id": message.site_id,
        "message": message.message_type.value.lower(),
        "level": message.level.word,
        "certainty": mapping.certainty(message).value,
        "issued_at": judged.issued_at.isoformat(),
        "probability": message.grounds.probability,
        "eta_s": message.grounds.eta_s,
        "reason": asdict(message.grounds) | sentences,
    }


def _notice(noticed: IssuedNotice, sites: Mapping[str, Site]) -> dict[str, object]:
    notice = noticed.notice
    zh, en = monitoring_text(notice, sites[notice.site_id])
    return {
        "site_id": notice.site_id,
        "message": notice.kind.value,
        "level": notice.level.word,
        "certainty": Certainty.OBSERVED.value,
        "issued_at": noticed.issued_at.isoformat(),
        "probability": None,
        "eta_s": None,
        "reason": {"rule": notice.kind.value, "gauges": dict(notice.gauges), "zh": zh, "en": en},
    }
