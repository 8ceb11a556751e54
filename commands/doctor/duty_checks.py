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
    return Duties(load_rosters(connection, since=now), policies, inactive, reachable, old)


def check_duties(duties: Duties, now: datetime) -> list[CheckResult]:
    """Check that somebody is on duty in the next seven days, and that approvals are valid. Silent without rosters."""
    if not duties.rosters and not duties.policies:
        return []
    return [_gaps(duties, now), *_people(duties, now), _approvals(duties, now)]


def _gaps(duties: Duties, now: datetime) -> CheckResult:
    about = "calls: gaps of rosters in the next 7 days"
    found = [gap_text(roster, gap) for roster in duties.rosters for gap in gaps(roster, now, now + LOOK_AHEAD)]
    if not found:
        return CheckResult(about, "none")
    advice = f"Nobody would be called there, the next step begins at once: {_some(found)}. Extend the roster."
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
    replace = f"They are not called: {_some(inactive)}. Replace them."
    prove = (
        f"They cannot be called, the next one is called at once: {_some(unproven)}. Add a contact with"
        " `rencheng people contact`, and prove it with `rencheng contact test` and `rencheng contact prove`."
    )
    old = sorted({person for person, _ in planned} & duties.proven_long_ago)
    again = (
        f"They are still called: {_some(old)}. Send a test message to a contact of each, and type the code back;"
        " an answer by SMS or voice proves it, too."
    )
    return [
        _named("calls: inactive people in rosters", inactive, replace),
        _named("calls: people on duty without a proven contact", unproven, prove),
        _named(f"calls: people on duty whose contacts were not proven for {PROOF_LASTS.days} days", old, again),
    ]


def _named(about: str, found: Sequence[str], advice: str) -> CheckResult:
    return CheckResult(about, str(len(found)), "change", advice) if found else CheckResult(about, "none")


def _approvals(duties: Duties, now: datetime) -> CheckResult:
    about = "calls: approvals of policies to renew"
    found = [
        f"{each.form.policy_id} version {each.version} since {each.approved_until:%Y-%m-%d}"
        for each in duties.policies
        if each.approved_until is not None and each.approved_until < now
    ]
    if not found:
        return CheckResult(about, "none")
    advice = f"They stay in force. Review and renew them with `rencheng policy approve`: {_some(found)}."
    return CheckResult(about, str(len(found)), "change", advice)


def _some(found: Sequence[str]) -> str:
    more = f" and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    return "; ".join(islice(found, SHOWN)) + more
