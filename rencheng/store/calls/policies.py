"""The versions of policies of calls. A version never changes; the newest approved one of each policy is in force."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from rencheng.domain.reach import EVERYWHERE, Reach
from rencheng.response.calls.forms import CallPolicyForm
from rencheng.response.calls.policy import CallPolicy
from rencheng.store.core.within import within
from rencheng.store.schema.call_tables import call_policies


class PolicyVersion(NamedTuple):
    """A version of a policy, and who made and approved it."""

    form: CallPolicyForm
    version: int
    made_by: str
    made_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    approved_until: datetime | None
    author: str | None = None


def add_policy(connection: Connection, form: CallPolicyForm, made_by: str, author: str | None) -> int:
    """Add a version, while the policy's name is locked. Return its number."""
    of_policy = call_policies.c.policy_id == form.policy_id
    newest = select(func.coalesce(func.max(call_policies.c.version), 0)).where(of_policy)
    version = int(connection.execute(newest).scalar_one()) + 1
    values = {"policy_id": form.policy_id, "version": version, "region": form.region, "made_by": made_by}
    values["author"] = author
    connection.execute(insert(call_policies).values(form=form.model_dump(mode="json"), **values))
    return version


def approve_policy(connection: Connection, policy_id: str, version: int, approved_by: str, until: datetime) -> None:
    """Approve a version, or renew its approval."""
    query = update(call_policies).where(call_policies.c.policy_id == policy_id, call_policies.c.version == version)
    connection.execute(query.values(approved_by=approved_by, approved_at=func.now(), approved_until=until))


def find_policy(connection: Connection, policy_id: str, version: int) -> PolicyVersion | None:
    """Return one version."""
    query = select(call_policies).where(call_policies.c.policy_id == policy_id, call_policies.c.version == version)
    row = connection.execute(query).mappings().one_or_none()
    return None if row is None else _version(row)


def newest_version(connection: Connection, policy_id: str) -> PolicyVersion | None:
    """Return the newest version of a policy."""
    query = select(call_policies).where(call_policies.c.policy_id == policy_id)
    row = connection.execute(query.order_by(call_policies.c.version.desc()).limit(1)).mappings().one_or_none()
    return None if row is None else _version(row)


def list_policies(connection: Connection, *, reach: Reach = EVERYWHERE) -> list[PolicyVersion]:
    """Return all versions of all policies in a reach."""
    query = select(call_policies).where(within(reach, call_policies.c.region))
    rows = connection.execute(query.order_by(call_policies.c.policy_id, call_policies.c.version)).mappings()
    return [_version(row) for row in rows]


def policies_in_force(versions: Sequence[PolicyVersion]) -> list[PolicyVersion]:
    """Return of each policy its newest approved version. One whose approval is to be renewed stays in force."""
    newest: dict[str, PolicyVersion] = {}
    for each in versions:
        if each.approved_at is not None:
            newest[each.form.policy_id] = each
    return list(newest.values())


def load_policies(connection: Connection) -> list[CallPolicy]:
    """Return the policies in force."""
    return [each.form.to_policy(each.version) for each in policies_in_force(list_policies(connection))]


def _version(row: RowMapping) -> PolicyVersion:
    return PolicyVersion(
        CallPolicyForm.model_validate(row["form"]),
        *(row[name] for name in PolicyVersion._fields[1:]),
    )
