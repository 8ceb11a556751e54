"""Evaluate: from a reading to the evaluations that carry a warning or a notice."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from rencheng.domain.device import ACTUAL
from rencheng.domain.doubt import DoubtAnswer
from rencheng.domain.timing import ALLOWED_LATENESS
from rencheng.domain.trace import trace_id_of
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.forecast.shipped import street_model
from rencheng.engine.nearby.evidence import EvidenceOf
from rencheng.engine.record import Evaluation, SiteRecord
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.logs import get_logger
from rencheng.runtime.timers import Every
from services.alerts import metrics
from services.alerts.policy_cache import PolicyCache
from services.alerts.source.catch_up import TimedReading
from services.alerts.source.readings import ReadingSource
from services.alerts.suppression.service import NoDataSites
from services.alerts.world_clocks import WorldClocks

log = get_logger("alerts")

NO_DATA_EVERY_S = 10.0
"""With five thousand sites a look at all of them costs tens of milliseconds, for which warnings should seldom wait."""


def new_evaluator(policies: PolicyCache, wait: timedelta, evidence: EvidenceOf) -> Evaluator:
    """Return an evaluator with the shipped model."""
    return Evaluator(street_model(), policies.readiness, wait, _log_failure, evidence)


class ReadingEvaluator:
    """Evaluates readings; logs and counts what follows from them.

    Args:
        evaluator: the engine.
        clocks: the time of each world.
        clock: the time of the world `actual`.
    """

    def __init__(self, evaluator: Evaluator, clocks: WorldClocks, clock: Clock = SYSTEM_CLOCK) -> None:
        self._evaluator = evaluator
        self._clocks = clocks
        self._clock = clock
        self._newest: dict[tuple[str, int, datetime], datetime] = {}

    def expect(self, items: Sequence[TimedReading]) -> None:
        """Take note of the newest reading of each message: an old one that it came with decides nothing."""
        self._newest = {}
        for reading, received_at in items:
            if received_at - reading.time > ALLOWED_LATENESS:
                self._newest[reading.device_id, reading.channel, received_at] = reading.time
        for reading, received_at in items if self._newest else ():
            key = reading.device_id, reading.channel, received_at
            if key in self._newest:
                self._newest[key] = max(self._newest[key], reading.time)

    def evaluate(self, item: TimedReading) -> Iterator[Evaluation]:
        """Yield the evaluations that follow from a reading. Commit each before the next is asked for."""
        reading, received_at = item
        newest = self._newest.get((reading.device_id, reading.channel, received_at), reading.time)
        for site in self._evaluator.sites_of(reading):
            self._clocks.observe(site.world, reading.time)
        for evaluation in self._evaluator.process(reading, received_at, is_followed=newest > reading.time):
            _log(evaluation)
            yield evaluation

    def tick(self) -> Iterator[Evaluation]:
        """Yield the evaluations of readings that have waited long enough. Commit each before the next."""
        for evaluation in self._evaluator.tick(self._clock.now()):
            _log(evaluation)
            yield evaluation

    def settle(self, answers: Iterable[DoubtAnswer]) -> Iterator[Evaluation]:
        """Yield the evaluations that follow from the answers of people to doubts that are open. Commit each."""
        for answer in answers:
            if evaluation := self._evaluator.settle(answer):
                _log(evaluation)
                yield evaluation

    def commit(self, evaluation: Evaluation) -> None:
        """Make an evaluation's record the site's record."""
        self._evaluator.commit(evaluation)
        if message := evaluation.message:
            metrics.count_level_change(message.level)

    def changed_records(self) -> dict[str, SiteRecord]:
        """Return the records that changed since the last call."""
        return self._evaluator.dirty_records()


class NoDataCheck:
    """Finds the live sites without data, at intervals.

    Args:
        evaluator: knows which sites have data.
        source: knows whether readings arrive at all.
        policies: knows where rain is forecast.
        clock: the time.
    """

    def __init__(
        self, evaluator: Evaluator, source: ReadingSource, policies: PolicyCache, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        self._evaluator = evaluator
        self._source = source
        self._policies = policies
        self._clock = clock
        self._timer = Every(NO_DATA_EVERY_S, clock)
        self._found = NoDataSites()

    def sites(self) -> NoDataSites:
        """Return the live sites without data, as of the last look. All of them have none if no reading can arrive."""
        if self._timer.take():
            self._found = self._look()
            metrics.set_sites(watched=self._found.watched, without_data=len(self._found.site_ids))
        return self._found

    def _look(self) -> NoDataSites:
        now = self._clock.now()
        sites = [each for each in self._evaluator.sites.values() if each.world == ACTUAL and each.depth_gauge_ids]
        found = sites
        if self._source.can_evaluate:
            found = [site for site in sites if self._evaluator.has_no_data(site.site_id, now)]
        in_rain = any(self._policies.readiness(site, now).level for site in found)
        return NoDataSites({site.site_id for site in found}, len(sites), in_rain)


def trace_of(evaluation: Evaluation) -> str:
    """Return the trace id of the reading that an evaluation follows from; empty if it follows from none."""
    reading = evaluation.reading
    return trace_id_of(reading.device_id, reading.time) if reading else ""


def _log(evaluation: Evaluation) -> None:
    if message := evaluation.message:
        log.info(
            "level changed",
            site=evaluation.site_id,
            message_type=message.message_type.value,
            level=message.level.word,
            rule=message.grounds.rule,
            at=message.issued_at.isoformat(),
            trace_id=trace_of(evaluation),
        )
    if notice := evaluation.notice:
        log.info(notice.kind.value, site=evaluation.site_id, gauges=dict(notice.gauges), trace_id=trace_of(evaluation))


def _log_failure(site_id: str, error: Exception) -> None:
    log.error("evaluation failed; the reading is dropped", site=site_id, exc_info=error)
