"""A message as one line of the back-test's answer."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from rencheng.domain.site import Site
from services.alerts.backtest.replay import Judged
from services.alerts.messages import chinese, english, meaning


def as_line(judged: Judged, sites: Mapping[str, Site]) -> str:
    """The JSON object, without a line break.

    `level` on a cancel is the one that ended.
    """
    message = judged.message
    site = sites[message.site_id]
    return json.dumps(
        {
            "site_id": message.site_id,
            "message": message.message_type.value.lower(),
            "level": message.level.word,
            "certainty": meaning.certainty(message).value,
            "issued_at": judged.issued_at.isoformat(),
            "probability": message.grounds.probability,
            "eta_s": message.grounds.eta_s,
            "reason": asdict(message.grounds)
            | {"zh": chinese.description(message, site), "en": english.description(message, site)},
        },
        ensure_ascii=False,
    )
