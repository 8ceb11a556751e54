"""What time alone changes at a site: rain that ended, and a warning that must be renewed."""

from datetime import datetime

from msgspec.structs import replace

from rencheng.domain.level import Level
from rencheng.domain.site import Site
from rencheng.domain.warning import WarningRule
from rencheng.engine.evaluate import RENEWS_S, Step, change_level, must_renew
from rencheng.engine.fusion import fuse
from rencheng.engine.level_rules import grounds_without_data, support_without_data
from rencheng.engine.lifecycle import advance
from rencheng.engine.rain import rainfall
from rencheng.engine.record import Evaluation, SiteRecord
from rencheng.engine.site_policy import SitePolicy
from rencheng.engine.state import SiteState


def elapse(state: SiteState, policy: SitePolicy, now_s: float) -> Step:
    """Return what time alone changes at a site whose gauges are all silent or at fault.

    A level that only rain holds ends with the rain's effect; a level that lasts is renewed.
    """
    if state.level is Level.NONE or fuse(state, policy, now_s) is not None:
        return state, None
    held = support_without_data(state, policy, now_s)
    if held < state.level:
        return change_level(state, now_s, held, grounds_without_data(WarningRule.RECEDED, state, policy))
    if must_renew(state, now_s):
        return change_level(state, now_s, state.level, grounds_without_data(WarningRule.RENEWED, state, policy))
    return state, None


def next_due_s(state: SiteState) -> float | None:
    """Return when `elapse` is due if no reading arrives; None if no warning is in force."""
    if state.level is Level.NONE or state.issued_s is None:
        return None
    due_s = state.issued_s + RENEWS_S
    if state.rain.raised_s is not None and state.rain.raised_s + rainfall.HOLDS_S >= (state.watermark_s or 0.0):
        due_s = min(due_s, state.rain.raised_s + rainfall.HOLDS_S + 1.0)
    return due_s


def after_silence(site: Site, record: SiteRecord, policy: SitePolicy, now: datetime) -> Evaluation | None:
    """Return the message of a site whose warning must end or be renewed without a reading; None if neither."""
    state, change = elapse(record.state, policy, now.timestamp())
    if change is None:
        return None
    open_warning, message = advance(record.open_warning, site, change)
    return Evaluation(site.site_id, replace(record, state=state, open_warning=open_warning), message)
