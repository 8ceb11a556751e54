"""The versions of response plans. A version never changes; the newest approved one of each plan is in force."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_new

from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.response.tasks.forms import PlanForm
from rencheng.response.tasks.plan import ResponsePlan
from rencheng.store.core.within import within
from rencheng.store.schema.task_tables import plan_approvals, plans


class PlanVersion(NamedTuple):
    """A version of a plan.

    Attributes:
        author_id: the person who wrote it; None if the key named none.
        approvers: the people who approved it.
    """

    form: PlanForm
    version: int
    made_by: str
    made_at: datetime
    author_id: str | None
    approved_at: datetime | None
    approved_until: datetime | None
    approvers: tuple[str, ...] = ()


def add_plan(connection: Connection, form: PlanForm, made_by: str, author_id: str | None) -> int:
    """Add a version. Return its number."""
    connection.execute(select(func.pg_advisory_xact_lock(func.hashtext(f"plans/{form.plan_id}"))))
    newest = select(func.coalesce(func.max(plans.c.version), 0)).where(plans.c.plan_id == form.plan_id)
    version = int(connection.execute(newest).scalar_one()) + 1
    values = {"plan_id": form.plan_id, "version": version, "region": form.region, "made_by": made_by}
    document = form.model_dump(mode="json")
    connection.execute(insert(plans).values(form=document, author_id=author_id, **values))
    return version


def add_approval(connection: Connection, plan_id: str, version: int, person_id: str, actor: str) -> None:
    """Write the approval of a person. A repetition changes nothing."""
    values = {"plan_id": plan_id, "version": version, "person_id": person_id, "approved_by": actor}
    connection.execute(insert_new(plan_approvals).values(values).on_conflict_do_nothing())


def put_in_force(connection: Connection, plan_id: str, version: int, until: datetime) -> None:
    """Put a version into force, or renew its approval."""
    query = update(plans).where(plans.c.plan_id == plan_id, plans.c.version == version)
    connection.execute(query.values(approved_at=func.coalesce(plans.c.approved_at, func.now()), approved_until=until))


def find_plan(connection: Connection, plan_id: str, version: int, *, lock: bool = False) -> PlanVersion | None:
    """Return one version."""
    query = select(plans).where(plans.c.plan_id == plan_id, plans.c.version == version)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    return None if row is None else _version(connection, row)


def newest_plan(connection: Connection, plan_id: str) -> PlanVersion | None:
    """Return the newest version of a plan."""
    query = select(plans).where(plans.c.plan_id == plan_id).order_by(plans.c.version.desc()).limit(1)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _version(connection, row)


def list_plans(connection: Connection, *, reach: Reach = EVERYWHERE) -> list[PlanVersion]:
    """Return all versions of all plans in a reach."""
    query = select(plans).where(within(reach, plans.c.region)).order_by(plans.c.plan_id, plans.c.version)
    return [_version(connection, row) for row in connection.execute(query).mappings().all()]


def plans_in_force(versions: Sequence[PlanVersion]) -> list[PlanVersion]:
    """Return of each plan its newest approved version. One whose approval is to be renewed stays in force."""
    newest = {each.form.plan_id: each for each in versions if each.approved_at is not None}
    return list(newest.values())


def load_plans(connection: Connection) -> list[ResponsePlan]:
    """Return the plans in force."""
    newest = select(plans).where(plans.c.approved_at.is_not(None)).order_by(plans.c.plan_id, plans.c.version)
    found = {row["plan_id"]: row for row in connection.execute(newest).mappings()}
    return [PlanForm.model_validate(row["form"]).to_plan(row["version"]) for row in found.values()]


def _version(connection: Connection, row: RowMapping) -> PlanVersion:
    approvals = select(plan_approvals.c.person_id).where(
        plan_approvals.c.plan_id == row["plan_id"], plan_approvals.c.version == row["version"]
    )
    people = connection.execute(approvals.order_by(plan_approvals.c.at)).scalars()
    return PlanVersion(
        PlanForm.model_validate(row["form"]),
        row["version"],
        row["made_by"],
        row["made_at"],
        row["author_id"],
        row["approved_at"],
        row["approved_until"],
        tuple(people),
    )
