"""Response plans: write versions, approve them, and show what they would generate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.region import code_includes
from rencheng.domain.site import Site
from rencheng.operations.form_changes import change_lines
from rencheng.operations.people import APPROVED_FOR
from rencheng.operations.plan_files import default_plan
from rencheng.operations.signers import Signer, signing_person
from rencheng.operations.task_roll import roll_of
from rencheng.response.calls.roster import Duty
from rencheng.response.signatures import TWO_PEOPLE, Signature, counted
from rencheng.response.tasks.escalation import posts_of
from rencheng.response.tasks.forms import PlanForm
from rencheng.response.tasks.plan import ResponsePlan, TaskPhase, TaskTemplate, choose_plan
from rencheng.store.access import audit
from rencheng.store.core.database import Connection, database_now
from rencheng.store.registry.sites import find_sites
from rencheng.store.tasks import plans as store


def add_plan_version(connection: Connection, form: PlanForm, *, signer: Signer) -> int:
    """Add a version of a plan. It comes into force when other people approve it.

    Return its number; of a version like the newest one, the number of that.

    Raises:
        NotPossible: the site of the plan is not registered, or is elsewhere.
    """
    if form.site_id is not None:
        site = find_sites(connection, [form.site_id]).get(form.site_id)
        if site is None or not code_includes(form.region, site.region):
            raise NotPossible(f"there is no site {form.site_id} in the region {form.region}")
    newest = store.newest_plan(connection, form.plan_id)
    if newest is not None and newest.form == form:
        return newest.version
    version = store.add_plan(connection, form, signer.actor, signer.person_id)
    detail = {"version": version, "author": signer.person_id} | form.model_dump(mode="json")
    audit.record(connection, signer.actor, "plan.add", f"plan {form.plan_id}", detail)
    return version


def try_plans(connection: Connection, forms: Sequence[PlanForm], *, signer: Signer) -> dict[str, list[str]]:
    """Return what new versions of plans would change, by plan. Nothing is written.

    Raises:
        NotPossible: one of them could not be written.
    """
    changes = {form.plan_id: change_lines(_newest_form(connection, form.plan_id), form) for form in forms}
    with connection.begin_nested() as trial:
        for form in forms:
            add_plan_version(connection, form, signer=signer)
        trial.rollback()
    return changes


def _newest_form(connection: Connection, plan_id: str) -> PlanForm | None:
    newest = store.newest_plan(connection, plan_id)
    return newest and newest.form


def approve_plan_version(connection: Connection, plan_id: str, version: int, *, signer: Signer) -> datetime | None:
    """Approve a version of a plan, or renew its approval.

    Two people stand behind a plan. If its author is no known person, two must approve it; else one, who is another.
    Return when the approval is to be renewed; None: another person must approve it, too.

    Raises:
        NotPossible: there is no such version, or the signer is its author or no person of the region.
    """
    found = store.find_plan(connection, plan_id, version, lock=True)
    if found is None:
        raise NotPossible(f"there is no version {version} of the plan {plan_id}; `rencheng plan list` shows all")
    person = signing_person(connection, signer, found.form.region)
    if person.person_id == found.author_id:
        raise NotPossible(f"{person.person_id} made this version; another person must approve it")
    now = database_now(connection)
    store.add_approval(connection, plan_id, version, person.person_id, signer.actor)
    approvers = [Signature(name, now) for name in dict.fromkeys((*found.approvers, person.person_id))]
    authors = {found.author_id} if found.author_id else set()
    is_enough = len(authors) + len(counted(approvers, authors)) >= TWO_PEOPLE
    until = now + APPROVED_FOR if is_enough else None
    if until is not None:
        store.put_in_force(connection, plan_id, version, until)
    detail = {"version": version, "person": person.person_id, "in_force": is_enough, "made_by": found.made_by}
    audit.record(connection, signer.actor, "plan.approve", f"plan {plan_id}", detail)
    return until


def plan_for(connection: Connection, site: Site) -> ResponsePlan | None:
    """Return the plan for a site: the city's own, else the default one of its type."""
    return choose_plan(store.load_plans(connection), site) or default_plan(site)


@dataclass(frozen=True, slots=True)
class PlannedTask:
    """A task that a plan would generate.

    Attributes:
        duty: who has the role now.
    """

    template: TaskTemplate
    due_at: datetime
    duty: Duty


def preview(
    connection: Connection, site: Site, level: Level, plan: ResponsePlan, begins_at: datetime
) -> list[PlannedTask]:
    """Return the tasks that a level of a site would generate now, and after the all-clear. Nothing is written."""
    templates = [*plan.tasks_at(level, TaskPhase.RESPONSE), *plan.tasks_at(level, TaskPhase.AFTER)]
    posts = {each: posts_of(each)[0] for each in templates}
    roll = roll_of(connection, posts.values(), site.region, site.site_id, site.world, level)
    return [PlannedTask(each, begins_at + timedelta(seconds=each.due_s), roll[posts[each]].duty) for each in templates]
