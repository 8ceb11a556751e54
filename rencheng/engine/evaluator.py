"""Evaluate the readings of all sites: readings in, messages and notices out. Deterministic: no I/O, no clock."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial

from msgspec.structs import replace

from rencheng.domain.device import ACTUAL
from rencheng.domain.doubt import DoubtAnswer
from rencheng.domain.reading import WaterReading
from rencheng.domain.site import Site
from rencheng.domain.warning import SiteNotice
from rencheng.engine.arming import Nearby
from rencheng.engine.arrival import Transit
from rencheng.engine.bindings import bound_gauges, last_readings, sites_by_device
from rencheng.engine.doubt import doubt_in_force, review_doubt, settle
from rencheng.engine.elapsed import Elapsing, next_due_s
from rencheng.engine.evaluate import evaluate, still_dry
from rencheng.engine.forecast.model import Model
from rencheng.engine.lateness import after_evaluation, too_late
from rencheng.engine.lifecycle import advance, by_our_clock
from rencheng.engine.nearby.evidence import NO_EVIDENCE, EvidenceOf
from rencheng.engine.neighbours import Neighbours
from rencheng.engine.rain.readiness import NO_SIGNAL, Readiness
from rencheng.engine.record import Evaluation, SiteRecord
from rencheng.engine.reorder_buffer import PendingReading, ReorderBuffer
from rencheng.engine.site_policy import NO_TRAITS, SitePolicy, policy_of
from rencheng.engine.staleness import has_data, with_loss
from rencheng.engine.staleness_monitor import StalenessMonitor
from rencheng.engine.traits import GaugeTraits

ReadinessOf = Callable[[Site, datetime], Readiness]
"""Returns the readiness of a site at a moment, by what is known of the weather."""

OnFailure = Callable[[str, Exception], None]
"""Called with a site and the error that its evaluation raised."""


def _raise(_site_id: str, error: Exception) -> None:
    raise error


class Evaluator:
    """The records of all sites, and how a reading changes them.

    A caller commits each evaluation before it asks for the next, once it has rendered what follows from it. An
    evaluation that is not committed did not happen: the next reading of the site finds the same again.

    Args:
        model: forecasts the water; None: the rate of rise alone.
        readiness: the weather's part in a site's readiness.
        wait: how long a reading waits for others that were sampled before it, in its world's time (`ReorderBuffer`).
        evidence: what signals and chargers show, by which a jump is weighed.
        on_failure: called when an evaluation raises. The reading is dropped for that site; other sites go on.
    """

    def __init__(
        self,
        model: Model | None = None,
        readiness: ReadinessOf = lambda _site, _now: NO_SIGNAL,
        wait: timedelta = timedelta(0),
        on_failure: OnFailure = _raise,
        evidence: EvidenceOf = lambda _site_id, _at: NO_EVIDENCE,
    ) -> None:
        self.sites: Mapping[str, Site] = {}
        self.wait = wait
        self._buffer = ReorderBuffer(wait)
        self._model = model
        self._readiness = readiness
        self._on_failure = on_failure
        self._evidence = evidence
        self._policies: dict[str, SitePolicy] = {}
        self._sites_of: dict[str, tuple[Site, ...]] = {}
        self._records: dict[str, SiteRecord] = {}
        self._now: dict[str, datetime] = {}
        self._dirty: set[str] = set()
        self._staleness = StalenessMonitor()
        self._due = Elapsing()
        self._neighbours = Neighbours()

    def set_sites(self, sites: Mapping[str, Site], traits: Mapping[str, GaugeTraits] = NO_TRAITS) -> bool:
        """Take over sites, and what is registered of their gauges. A site in another world now starts from nothing.

        Returns whether a gauge is new to its site, so that its stored readings are needed.
        """
        bound = set(bound_gauges(self.sites))
        for site_id, known in self.sites.items():
            if site_id not in sites or sites[site_id].world != known.world:
                self._records.pop(site_id, None)
                self._dirty.discard(site_id)
                self._buffer.discard(known.world, site_id)
                self._neighbours.forget(site_id)
        self.sites = sites
        self._policies = {site.site_id: policy_of(site, self._model, traits) for site in sites.values()}
        self._sites_of = sites_by_device(sites)
        self._neighbours.set_sites(sites.values())
        for site_id, record in self._records.items():
            self._records[site_id] = replace(record, state=record.state.of_site(sites[site_id]))
            self._neighbours.follow(sites[site_id], record.state)
        return any(one not in bound for one in bound_gauges(sites))

    def restore(self, records: Mapping[str, SiteRecord]) -> None:
        """Go on from records that were kept. A site that is in another world now starts from nothing."""
        for site_id, record in records.items():
            site = self.sites.get(site_id)
            if site is not None and site.world == record.world:
                self._records[site_id] = replace(record, state=record.state.of_site(site), pending=())
                self._staleness.follow(site, self._records[site_id].state)
                self._neighbours.follow(site, record.state)
                self._due.follow(site.world, site_id, next_due_s(record.state))
                if record.state.watermark:
                    self._advance_time(record.world, record.state.watermark)
                for one in record.pending if self.wait else ():  # without a wait they come with the stored readings
                    self._advance_time(record.world, one.at)
                    self._buffer.add(record.world, site_id, one)

    def record(self, site_id: str) -> SiteRecord:
        """Return the record of a site."""
        return self._records.get(site_id) or SiteRecord(world=self.sites[site_id].world)

    def sites_of(self, reading: WaterReading) -> tuple[Site, ...]:
        """Return the sites that a reading's device is bound to."""
        return self._sites_of.get(reading.device_id, ())

    def last_readings(self) -> Iterator[tuple[Site, str, datetime | None]]:
        """Yield (site, gauge, newest sample time) of every gauge; None for a gauge without a reading."""
        for site in self.sites.values():
            yield from last_readings(site, self.record(site.site_id).state)

    def process(
        self, reading: WaterReading, received_at: datetime, *, is_followed: bool = False
    ) -> Iterator[Evaluation]:
        """Evaluate one reading, and yield the evaluations that carry a message or a notice.

        Now is its receipt; in an exercise, the greatest sample time. `is_followed`: a newer one came in its message.
        """
        for site in self._sites_of.get(reading.device_id, ()):
            is_actual = site.world == ACTUAL
            now = self._advance_time(site.world, received_at if is_actual else reading.time)
            arrived_at = received_at if is_actual else now
            arrival = Transit((arrived_at - reading.time).total_seconds(), is_followed)
            if not arrival.is_in_time and (found := self._late(site, reading, arrived_at)):
                yield found
            if self.wait:
                if arrival.is_in_time:
                    at = min(reading.time, received_at) if is_actual else reading.time
                    self._buffer.add(site.world, site.site_id, PendingReading.of(reading, at, arrival))
                    self._dirty.add(site.site_id)
                yield from self._release(site.world, now)
                continue
            yield from self._elapsed(site.world, now)
            if arrival.is_in_time and (found := self._evaluate(site, reading, now, arrival)):
                yield found
            yield from self._lost(site.world, now)

    def process_and_commit(self, reading: WaterReading, received_at: datetime) -> list[Evaluation]:
        """Evaluate one reading and commit what follows from it, where nothing needs rendering first."""
        return [self.commit(evaluation) for evaluation in self.process(reading, received_at)]

    def tick(self, now: datetime, world: str = ACTUAL) -> Iterator[Evaluation]:
        """Advance the time of a world without a reading; yield evaluations as `process` does."""
        yield from self._release(world, self._advance_time(world, now))
        yield from self._lost(world, now - self.wait)

    def due_s(self, world: str) -> float:
        """Return the moment before which time alone changes nothing in a world, seconds of the epoch."""
        return min(self._due.first_s(world), self._staleness.first_s(world))

    def commit(self, evaluation: Evaluation) -> Evaluation:
        """Make an evaluation's record the site's record."""
        if site := self.sites.get(evaluation.site_id):
            self._commit(site, evaluation.record)
        return evaluation

    def has_no_data(self, site_id: str, now: datetime) -> bool:
        """Return whether a site has no usable depth: its gauges are silent, at fault, or have never reported."""
        return not has_data(self.record(site_id).state, now.timestamp())

    def monitoring(self, site_ids: Collection[str], now: datetime) -> list[SiteNotice]:
        """Return the notice in force about each site whose monitoring is reported lost, and about those named."""
        return [
            self._staleness.notice(site, state, self._now.get(site.world, now) if site.world != ACTUAL else now)
            for site in self.sites.values()
            if (state := self.record(site.site_id).state).lost_since_s is not None or site.site_id in site_ids
        ]

    def doubts(self) -> list[SiteNotice]:
        """Return the notice in force of each site with a doubt."""
        states = ((site, self.record(site.site_id).state) for site in self.sites.values())
        found = (doubt_in_force(site, state, self._policies[site.site_id]) for site, state in states)
        return [notice for notice in found if notice is not None]

    def settle(self, answer: DoubtAnswer) -> Evaluation | None:
        """Return what a person's answer changes, to be committed; None if its doubt is not open."""
        site, record = self.sites.get(answer.site_id), self._records.get(answer.site_id)
        if site is None or record is None or site.world != answer.world:
            return None
        now = self._now.get(site.world)
        return settle(site, record, self._policies[site.site_id], answer, now.timestamp() if now else 0.0)

    def dirty_records(self) -> dict[str, SiteRecord]:
        """Return the records that changed since the last call."""
        changed = {site_id: self.record(site_id) for site_id in self._dirty}
        self._dirty = set()
        if self._buffer.is_empty:
            return changed
        pending_of = self._buffer.pending_of
        return {name: replace(record, pending=pending_of(record.world, name)) for name, record in changed.items()}

    def _release(self, world: str, now: datetime) -> Iterator[Evaluation]:
        """Evaluate the readings that have waited long enough. In an exercise, now is the sample time of each."""
        for site_id, one in self._buffer.release(world, now):
            at, reading = now if world == ACTUAL else one.at, one.reading
            yield from self._elapsed(world, one.at)
            site = next((site for site in self.sites_of(reading) if site.site_id == site_id), None)
            if site is not None and (found := self._evaluate(site, reading, at, one.arrival)):
                yield found
            yield from self._lost(world, at)
        yield from self._elapsed(world, now - self.wait)
        if world == ACTUAL:  # an exercise has no time but that of its readings
            yield from self._lost(world, now)

    def _lost(self, world: str, now: datetime) -> Iterable[Evaluation]:
        """Return, one by one, that monitoring is lost; nearly always nothing."""
        due = self._staleness.due(world, now)
        return filter(None, (self._no_data(site_id, now) for site_id in due)) if due else ()

    def _elapsed(self, world: str, before: datetime) -> Iterable[Evaluation]:
        """Return, in order, what time alone changes before a moment: rain that ended, warnings to renew."""
        before_s = before.timestamp()
        if self._due.first_s(world) >= before_s:
            return ()
        return self._due.elapse(world, before_s, self.sites, self._records, self._policies)

    def _evaluate(self, site: Site, reading: WaterReading, now: datetime, arrival: Transit) -> Evaluation | None:
        """Return what a reading changes at a site, if it carries a message or a notice; else commit it."""
        try:
            found = self._evaluation(site, reading, now, arrival)
        except Exception as error:  # noqa: BLE001 - a failure at one site must not stop the others
            self._on_failure(site.site_id, error)
            return None
        return self._news(site, found)

    def _evaluation(self, site: Site, reading: WaterReading, now: datetime, arrival: Transit) -> Evaluation:
        site_id, record = site.site_id, self.record(site.site_id)
        policy, readiness = self._policies[site_id], self._readiness(site, now)
        if (quiet := still_dry(record.state, reading, policy, readiness, arrival)) is not None:
            return Evaluation(site_id, SiteRecord(record.world, quiet, record.open_warning), None, None, reading)
        rises, evidence = self._neighbours.rapid_rises_nearby, self._evidence
        nearby = Nearby(partial(rises, site_id, reading.time), partial(evidence, site_id, reading.time))
        state, change = evaluate(record.state, reading, policy, readiness, nearby, arrival)
        if state.late:
            state = after_evaluation(state, reading)
        notice = None
        if state.lost_since_s is not None:
            state, notice = self._staleness.review(site, record.state, state, reading, now)
        open_warning, message = record.open_warning, None
        if change:
            change = by_our_clock(change, now, arrival, readiness.waterworks)
            open_warning, message = advance(open_warning, site, change)
        if notice is None:
            state, notice = review_doubt(site, state, policy)
        record = SiteRecord(world=record.world, state=state, open_warning=open_warning)
        return Evaluation(site_id, record, message, notice, reading)

    def _late(self, site: Site, reading: WaterReading, arrived_at: datetime) -> Evaluation | None:
        record, waiting = self.record(site.site_id), self._buffer.pending_of(site.world, site.site_id)
        return self._news(site, too_late(record, site, reading, waiting, arrived_at, self._staleness))

    def _news(self, site: Site, found: Evaluation | None) -> Evaluation | None:
        """Return an evaluation if it carries a message or a notice; else commit it."""
        if found is None or found.message is not None or found.notice is not None:
            return found
        self._commit(site, found.record)
        return None

    def _commit(self, site: Site, record: SiteRecord) -> None:
        self._records[site.site_id] = record
        self._staleness.follow(site, record.state)
        self._neighbours.follow(site, record.state)
        if record.state.level or site.site_id in self._due:
            self._due.follow(site.world, site.site_id, next_due_s(record.state))
        self._dirty.add(site.site_id)

    def _no_data(self, site_id: str, now: datetime) -> Evaluation | None:
        """Return that a site's monitoring is lost, if that is so and is not reported yet."""
        record, site = self._records.get(site_id), self.sites.get(site_id)
        if record is None or site is None or record.state.lost_since_s is not None:
            return None
        self._staleness.follow(site, record.state)  # it is due again if this is not committed
        if not self._staleness.is_lost(record.state, now):
            return None
        state = with_loss(record.state, now.timestamp())
        return Evaluation(site_id, replace(record, state=state), notice=self._staleness.notice(site, state, now))

    def _advance_time(self, world: str, time: datetime) -> datetime:
        self._now[world] = latest = max(time, self._now.get(world, time))
        return latest
