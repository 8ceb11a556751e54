"""What time alone changes at a site: rain that ended, and a warning that must be renewed."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from rencheng.domain.level import Level
from rencheng.domain.site import Site
from rencheng.engine.due_times import DueTimes
from rencheng.engine.evaluate import Step, without_data
from rencheng.engine.fusion import fresh_until_s, fuse
from rencheng.engine.level_rules import RENEWS_S
from rencheng.engine.lifecycle import advance
from rencheng.engine.rain import rainfall
from rencheng.engine.record import Evaluation, SiteRecord
from rencheng.engine.site_policy import SitePolicy
from rencheng.engine.state import SiteState

JUST_AFTER_S = 1.0

LOOK_AGAIN_S = 600.0
"""How long after a message that could not be rendered a site that was due is looked at again."""


def elapse(state: SiteState, policy: SitePolicy, now_s: float) -> Step:
    """Return what time alone changes at a site whose gauges are all silent or at fault.

    A level that only rain holds ends with the rain's effect; a level that lasts is renewed.
    """
    if state.level is Level.NONE or fuse(state, policy, now_s) is not None:
        return state, None
    return without_data(state, policy, now_s)


def next_due_s(state: SiteState, after_s: float | None = None) -> float | None:
    """Return when `elapse` is due if no reading arrives; None if no warning is in force.

    It follows from the state alone, so that a service that starts again issues the same messages.

    Args:
        state: of the site.
        after_s: the moment after which it is due; None: the greatest sample time.
    """
    if state.level is Level.NONE or state.issued_s is None:
        return None
    known_s = (state.watermark_s or 0.0) if after_s is None else after_s
    fresh_s = fresh_until_s(state) + JUST_AFTER_S  # until then a reading decides
    due_s = [state.issued_s + RENEWS_S, *(end_s + JUST_AFTER_S for end_s in rainfall.ends_s(state.rain))]
    return min((max(one_s, fresh_s) for one_s in due_s if max(one_s, fresh_s) > known_s), default=None)


def after_silence(site: Site, record: SiteRecord, policy: SitePolicy, now_s: float) -> Evaluation | None:
    """Return the message of a site whose warning must end or be renewed without a reading; None if neither."""
    state, change = elapse(record.state, policy, now_s)
    if change is None:
        return None
    open_warning, message = advance(record.open_warning, site, change)
    return Evaluation(site.site_id, replace(record, state=state, open_warning=open_warning), message)


class Elapsing(DueTimes):
    """The sites that time alone may change, and what it changes there."""

    def elapse(
        self,
        world: str,
        before_s: float,
        sites: Mapping[str, Site],
        records: Mapping[str, SiteRecord],
        policies: Mapping[str, SitePolicy],
    ) -> Iterator[Evaluation]:
        """Yield what time alone changes before a moment, in order. Commit each before the next is asked for."""
        while (due := self.pop_before(world, before_s)) is not None:
            due_s, site_id = due
            record, site = records.get(site_id), sites.get(site_id)
            if record is None or site is None:
                continue
            at_s = max(due_s, record.state.watermark_s or due_s)
            found = after_silence(site, record, policies[site_id], at_s)
            again_s = at_s + LOOK_AGAIN_S if found else next_due_s(record.state, at_s)  # the commit overrides it
            self.follow(world, site_id, again_s)
            if found:
                yield found
