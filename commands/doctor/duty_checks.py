"""The checks of `rencheng doctor` on duty: gaps in rosters, approvals to renew, and built-in policies in use."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice

from commands.calls.rosters import LOOK_AHEAD, gap_text
from commands.doctor.checks import CheckResult
from rencheng.domain.device import ACTUAL
from rencheng.response.calls.roster import Roster, gaps
from rencheng.store.calls.asks import proven_since, reachable_people
from rencheng.store.calls.people import list_people
from rencheng.store.calls.policies import PolicyVersion, list_policies, policies_in_force
from rencheng.store.calls.rosters import load_rosters
from rencheng.store.core.database import Connection
from rencheng.store.tasks.plans import PlanVersion, list_plans, plans_in_force

SHOWN = 10

PROOF_LASTS = timedelta(days=45)
"""A contact method is to be proven again after this time: a monthly test, and two weeks. Proposal."""


@dataclass(frozen=True, slots=True)
class Duties:
    """What is registered for calls.

    Attributes:
        inactive: people who are not called any more.
        reachable: people with a proven contact method.
        proven_long_ago: people of which no contact method was proven lately.
    """

    rosters: Sequence[Roster]
    policies: Sequence[PolicyVersion]
    plans: Sequence[PlanVersion] = ()
    inactive: frozenset[str] = frozenset()
    reachable: frozenset[str] = frozenset()
    proven_long_ago: frozenset[str] = frozenset()


def load_duties(connection: Connection) -> Duties:
    """Read rosters, policies and people."""
    policies = policies_in_force(list_policies(connection))
    people = list_people(connection)
    inactive = frozenset(person.person_id for person in people if not person.active)
    reachable = reachable_people(connection, [person.person_id for person in people], ACTUAL)
    now = datetime.now(UTC)
    old = reachable - proven_since(connection, now - PROOF_LASTS)
    plans = plans_in_force(list_plans(connection))
    return Duties(load_rosters(connection, since=now), policies, plans, inactive, reachable, old)


def check_duties(duties: Duties, now: datetime) -> list[CheckResult]:
    """Check that somebody is on duty in the next seven days, and that approvals are valid. Silent without any."""
    if not duties.rosters and not duties.policies and not duties.plans:
        return []
    return [_gaps(duties, now), *_people(duties, now), _policy_approvals(duties, now), _plan_approvals(duties, now)]


def _gaps(duties: Duties, now: datetime) -> CheckResult:
    about = "calls: gaps of rosters in the next 7 days"
    found = [gap_text(roster, gap) for roster in duties.rosters for gap in gaps(roster, now, now + LOOK_AHEAD)]
    if not found:
        return CheckResult(about, "none")
    advice = f"Nobody would be called there, the next step begins at once: {some_of(found)}. Extend the roster."
    return CheckResult(about, str(len(found)), "change", advice)


def _people(duties: Duties, now: datetime) -> list[CheckResult]:
    until = now + LOOK_AHEAD
    planned = {
        (shift.person_id, roster.roster_id)
        for roster in duties.rosters
        for shift in (*roster.shifts, *roster.overrides)
        if shift.begins_at < until and shift.ends_at > now
    }
    inactive = sorted(f"{person} in {roster}" for person, roster in planned if person in duties.inactive)
    unproven = sorted({person for person, _ in planned} - duties.reachable - duties.inactive)
    replace = f"They are not called: {some_of(inactive)}. Replace them."
    prove = (
        f"They cannot be called, the next one is called at once: {some_of(unproven)}. Add a contact with"
        " `rencheng people contact`, and prove it with `rencheng contact test` and `rencheng contact prove`."
    )
    old = sorted({person for person, _ in planned} & duties.proven_long_ago)
    again = (
        f"They are still called: {some_of(old)}. Send a test message to a contact of each, and type the code back;"
        " an answer by SMS or voice proves it, too."
    )
    return [
        _named("calls: inactive people in rosters", inactive, replace),
        _named("calls: people on duty without a proven contact", unproven, prove),
        _named(f"calls: people on duty whose contacts were not proven for {PROOF_LASTS.days} days", old, again),
    ]


def _named(about: str, found: Sequence[str], advice: str) -> CheckResult:
    return CheckResult(about, str(len(found)), "change", advice) if found else CheckResult(about, "none")


def _policy_approvals(duties: Duties, now: datetime) -> CheckResult:
    found = [_since(each.form.policy_id, each) for each in duties.policies if _is_old(each, now)]
    return _approvals("calls: approvals of policies to renew", found, "rencheng policy approve")


def _plan_approvals(duties: Duties, now: datetime) -> CheckResult:
    found = [_since(each.form.plan_id, each) for each in duties.plans if _is_old(each, now)]
    return _approvals("tasks: approvals of plans to renew", found, "rencheng plan approve")


def _is_old(version: PolicyVersion | PlanVersion, now: datetime) -> bool:
    return version.approved_until is not None and version.approved_until < now


def _since(name: str, version: PolicyVersion | PlanVersion) -> str:
    return f"{name} version {version.version} since {version.approved_until:%Y-%m-%d}"


def _approvals(about: str, found: Sequence[str], command: str) -> CheckResult:
    return _named(about, found, f"They stay in force. Review and renew them with `{command}`: {some_of(found)}.")


def some_of(found: Sequence[str]) -> str:
    """Return the first of many names."""
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return "; ".join(islice(found, SHOWN)) + more
