"""Change people, rosters and policies of calls."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic_core import to_jsonable_python

from rencheng.domain.errors import NotPossible
from rencheng.domain.place import CITY_ZONE
from rencheng.domain.region import code_includes
from rencheng.operations.contacts import add_contact_of
from rencheng.operations.differences import differences
from rencheng.response.calls.forms import CallPolicyForm, OverrideForm, PersonForm, RosterForm
from rencheng.response.calls.people import Person
from rencheng.response.calls.roster import Roster, Shift
from rencheng.response.delivery.contact_form import ContactForm
from rencheng.store.access import audit
from rencheng.store.calls.people import find_people
from rencheng.store.calls.people import save_person as write_person
from rencheng.store.calls.policies import add_policy, approve_policy, find_policy, newest_version
from rencheng.store.calls.rosters import add_override, delete_roster, find_override, load_rosters
from rencheng.store.calls.rosters import save_roster as write_roster
from rencheng.store.core.database import Connection
from rencheng.store.core.named_locks import lock_name
from rencheng.store.registry.sites import find_sites
from rencheng.store.response.cipher import ContactCipher

APPROVED_FOR = timedelta(days=365)
"""An approval is to be renewed after this time; plans of cities are revised every year. Proposal."""


def save_person(connection: Connection, form: PersonForm, *, actor: str) -> None:
    """Add or change a person."""
    lock_name(connection, f"person {form.person_id}")
    before = find_people(connection, [form.person_id]).get(form.person_id)
    person = form.to_person()
    if person == before:
        return
    write_person(connection, person, actor)
    old = {} if before is None else person_values(before)
    action = "person.add" if before is None else "person.change"
    detail = differences(old, form.model_dump(mode="json"))
    audit.record(connection, actor, action, f"person {form.person_id}", detail)


def person_values(person: Person) -> dict[str, Any]:
    """Return the values of a person, as a form has them."""
    return PersonForm.model_validate(person, from_attributes=True).model_dump(mode="json")


def roster_values(roster: Roster) -> dict[str, Any]:
    """Return the values of a roster with all shifts, without overrides and handovers."""
    values: dict[str, Any] = to_jsonable_python(replace(roster, overrides=(), handovers=()))
    return values


def add_person_contact(
    connection: Connection, person_id: str, form: ContactForm, cipher: ContactCipher, *, actor: str
) -> tuple[int, str | None]:
    """Add a contact method to a person. Return its number, and the secret of a webhook, which is shown once.

    It is used for calls once the code of a test message was typed back.

    Raises:
        NotPossible: the person is not registered, or the address is in use.
    """
    require_people(connection, [person_id])
    return add_contact_of(connection, {"person_id": person_id}, form, cipher, actor=actor)


def save_roster(connection: Connection, form: RosterForm, *, actor: str) -> Roster:
    """Add or change a roster. All of its shifts are replaced; its overrides stay.

    Raises:
        NotPossible: a person or the site in it is not registered, or the site is elsewhere.
    """
    roster = form.to_roster()
    if form.site_id is not None:
        site = find_sites(connection, [form.site_id]).get(form.site_id)
        if site is None or not code_includes(form.region, site.region):
            raise NotPossible(f"there is no site {form.site_id} in the region {form.region}")
    require_people(connection, (shift.person_id for shift in roster.shifts))
    lock_name(connection, f"roster {form.roster_id}")
    before = load_rosters(connection, roster_id=form.roster_id)
    if before and replace(before[0], overrides=(), handovers=()) == roster:
        return roster
    write_roster(connection, roster, actor)
    detail = differences(_summary(before[0]) if before else {}, _summary(roster))
    audit.record(connection, actor, "roster.change" if before else "roster.add", f"roster {form.roster_id}", detail)
    return roster


def end_roster(connection: Connection, roster_id: str, *, actor: str) -> None:
    """Delete a roster with its shifts and overrides. Does nothing if there is none."""
    before = load_rosters(connection, roster_id=roster_id)
    if delete_roster(connection, roster_id):
        audit.record(connection, actor, "roster.end", f"roster {roster_id}", {"before": _summary(before[0])})


def replace_on_duty(connection: Connection, roster_id: str, form: OverrideForm, *, actor: str) -> int:
    """Let a person replace whoever is planned, for a time. Return the number of the override.

    Raises:
        NotPossible: there is no such roster or rank, or the person is not registered.
    """
    found = load_rosters(connection, roster_id=roster_id, since=form.begins_at)
    if not found:
        raise NotPossible(f"there is no roster {roster_id}; `rencheng roster list` shows all")
    if form.rank > found[0].ranks:
        raise NotPossible(f"the roster {roster_id} has no rank {form.rank}, but {found[0].ranks}")
    require_people(connection, [form.person_id])
    lock_name(connection, f"roster {roster_id}")
    known = find_override(connection, roster_id, form.to_shift(), form.reason)
    if known is not None:
        return known
    number = add_override(connection, roster_id, form.to_shift(), form.reason, actor)
    audit.record(connection, actor, "roster.override", f"roster {roster_id}", form.model_dump(mode="json"))
    return number


def add_policy_version(
    connection: Connection, form: CallPolicyForm, *, actor: str, person_id: str | None = None
) -> int:
    """Add a version of a policy. It comes into force when another person approves it.

    Return its number; of a version like the newest one, the number of that.
    """
    lock_name(connection, f"policy {form.policy_id}")
    newest = newest_version(connection, form.policy_id)
    if newest is not None and newest.form == form:
        return newest.version
    version = add_policy(connection, form, actor, person_id)
    detail = {"version": version} | form.model_dump(mode="json")
    audit.record(connection, actor, "policy.add", f"policy {form.policy_id}", detail)
    return version


def approve_policy_version(
    connection: Connection, policy_id: str, version: int, *, actor: str, person_id: str | None = None
) -> datetime:
    """Approve a version of a policy, or renew its approval. Return when it is to be renewed.

    Another approval on the same day changes nothing.

    Raises:
        NotPossible: there is no such version, or the one who made it approves it.
    """
    lock_name(connection, f"policy {policy_id}")
    found = find_policy(connection, policy_id, version)
    if found is None:
        raise NotPossible(f"there is no version {version} of the policy {policy_id}; `rencheng policy list` shows all")
    if found.made_by == actor or (person_id is not None and found.author == person_id):
        raise NotPossible(f"{actor} made this version; another person must approve it")
    today = datetime.now(CITY_ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    renewed_by = (today + APPROVED_FOR).astimezone(UTC)
    if (found.approved_by, found.approved_until) == (actor, renewed_by):
        return renewed_by
    approve_policy(connection, policy_id, version, actor, renewed_by)
    detail = {"version": version, "until": renewed_by.isoformat(), "made_by": found.made_by}
    audit.record(connection, actor, "policy.approve", f"policy {policy_id}", detail)
    return renewed_by


def require_people(connection: Connection, person_ids: Iterable[str]) -> None:
    """Check that people are registered.

    Raises:
        NotPossible: somebody is not.
    """
    wanted = set(person_ids)
    if missing := sorted(wanted - set(find_people(connection, wanted))):
        names = ", ".join(missing[:20])
        raise NotPossible(f"these people are not registered: {names}; `rencheng people import` adds them")


def _summary(roster: Roster) -> dict[str, object]:
    return {
        "role": roster.role,
        "region": roster.region,
        "site_id": roster.site_id,
        "zone": roster.zone,
        "ranks": roster.ranks,
        "people": sorted({shift.person_id for shift in roster.shifts}),
        "shifts": len(roster.shifts),
        "period": _period(roster.shifts),
    }


def _period(shifts: Sequence[Shift]) -> list[str]:
    if not shifts:
        return []
    return [
        min(shift.begins_at for shift in shifts).isoformat(),
        max(shift.ends_at for shift in shifts).isoformat(),
    ]
