"""The messages and notices of the evaluator for a play, one a line."""

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.transcript.script import Arrival, Script, SitesChanged, Ticked
from rencheng.domain.site import Site
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.forecast.shipped import street_model
from rencheng.engine.rain.readiness import Readiness
from rencheng.engine.rain.weather import RainOutlook
from rencheng.engine.record import Evaluation, SiteRecord


def transcribe(script: Script) -> Iterator[str]:
    """Yield time, site, kind, level and certainty of each message, in the order in which they are issued."""
    sites = script.sites
    evaluator = _opened(script, sites, {})
    kept: dict[str, Any] = {}
    for event in script.events:
        found: list[Evaluation] = []
        if type(event) is Arrival:
            found = evaluator.process_and_commit(event.reading, event.at)
        elif type(event) is Ticked:
            found = [evaluator.commit(one) for one in evaluator.tick(event.at)]
        elif type(event) is SitesChanged:
            kept = _kept(kept, evaluator)
            evaluator.set_sites(event.sites)
            kept = {name: record for name, record in kept.items() if name in event.sites}
            sites = event.sites
        else:
            kept = _kept(kept, evaluator)
            evaluator = _opened(script, sites, kept)
        yield from _lines(found)


def _opened(script: Script, sites: Any, kept: dict[str, Any]) -> Evaluator:  # noqa: ANN401
    evaluator = Evaluator(
        street_model() if script.has_model else None, _Weather(script).readiness, timedelta(seconds=script.wait_s)
    )
    evaluator.set_sites(sites)
    evaluator.restore({name: SiteRecord.from_json(record) for name, record in kept.items()})
    return evaluator


def _kept(kept: dict[str, Any], evaluator: Evaluator) -> dict[str, Any]:
    """Return the records as the database gives them back."""
    return kept | {name: json.loads(json.dumps(record.to_json())) for name, record in evaluator.dirty_records().items()}


def _lines(found: Iterable[Evaluation]) -> Iterator[str]:
    for one in (evaluation.message for evaluation in found if evaluation.message):
        yield f"{_time(one.issued_at)} {one.site_id} {one.message_type} {one.level.word} {one.certainty}"
    for notice in (evaluation.notice for evaluation in found if evaluation.notice):
        yield f"{_time(notice.issued_at)} {notice.site_id} {notice.kind} {notice.level.word}"


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"


class _Weather:
    """The weather service, looked up once a minute."""

    def __init__(self, script: Script) -> None:
        self._rain_outlook = RainOutlook(script.signals, script.forecasts)
        self._ready: dict[tuple[str, str, datetime], Readiness] = {}

    def readiness(self, site: Site, now: datetime) -> Readiness:
        minute = now.replace(second=0, microsecond=0)
        key = site.region, site.world, minute
        if key not in self._ready:
            self._ready[key] = self._rain_outlook.readiness(*key)
        return self._ready[key]
