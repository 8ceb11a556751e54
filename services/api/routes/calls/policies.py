"""Policies of calls: list, write a version, and approve it."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import ConfigDict

from rencheng.domain.device import ACTUAL
from rencheng.domain.level import Level
from rencheng.operations.people import add_policy_version, approve_policy_version
from rencheng.response.calls.forms import CallPolicyForm
from rencheng.store.calls.policies import PolicyVersion, find_policy, list_policies, policies_in_force
from rencheng.store.places import Place
from services.api.auth.guard import Caller
from services.api.changes import ChangeRoute
from services.api.deps import Db, PolicyId, Zone
from services.api.http.errors import InvalidParameter, NotFound, problem_responses
from services.api.http.models import ApiModel, example, local
from services.api.http.refusals import refusals

router = APIRouter(route_class=ChangeRoute, prefix="/call-policies", tags=["calls"])
approvals = APIRouter(route_class=ChangeRoute, prefix="/call-policies", tags=["calls"])

_POLICY: dict[str, Any] = {
    "policy_id": "lixia-red",
    "region": "370102",
    "site_type": "underpass",
    "level": "red",
    "hold_s": 900.0,
    "steps": [
        {
            "posts": [{"role": "keeper", "rank": 1}, {"role": "police", "rank": 1}],
            "wait_s": 300.0,
            "needs": ["keeper", "police"],
            "channels": [{"kind": "voice", "after_s": 0.0}, {"kind": "sms", "after_s": 0.0}],
        },
        {"posts": [{"role": "leader", "rank": 1}], "wait_s": 120.0, "needs": [], "channels": []},
    ],
}
_VERSION: dict[str, Any] = {
    "policy": _POLICY,
    "version": 2,
    "in_force": True,
    "made_by": "key 1f (duty)",
    "made_at": "2026-07-01T09:00:00+08:00",
    "approved_by": "key 2e (leader)",
    "approved_at": "2026-07-01T10:00:00+08:00",
    "approved_until": "2027-07-01T10:00:00+08:00",
}

Version = Annotated[int, Path(ge=1, le=2**31 - 1, description="The version of the policy.")]


class PolicyRequest(CallPolicyForm):
    """A policy to write. A change makes another version."""

    model_config = ConfigDict(json_schema_extra={"examples": [_POLICY]})


class ShownPolicy(ApiModel):
    """A version of a policy of calls 叫应规则."""

    model_config = example(**_VERSION)

    policy: CallPolicyForm
    version: int
    in_force: bool
    """The newest approved version of the policy. Calls that run keep the version with which they began."""
    made_by: str | None
    """Who wrote it; null without the scope `operate` or `admin`."""
    made_at: datetime
    approved_by: str | None
    """Who approved it; null if nobody did, and without the scope `operate` or `admin`."""
    approved_at: datetime | None
    approved_until: datetime | None
    """When the approval is to be renewed. The version stays in force."""


class ShownPolicies(ApiModel):
    """All versions of all policies."""

    model_config = example(items=[_VERSION])

    items: list[ShownPolicy]


@router.get("", summary="List policies of calls 叫应规则列表", operation_id="list_call_policies")
def get_policies(database: Db, caller: Caller, zone: Zone) -> ShownPolicies:
    """Return all versions. Where no policy is for a site and level, the built-in one of that level is used."""
    if not caller.reach.includes_world(ACTUAL):
        return ShownPolicies(items=[])
    with database.read() as connection:
        found = list_policies(connection, reach=caller.reach)
    in_force = {(each.form.policy_id, each.version) for each in policies_in_force(found)}
    items = [
        _shown(each, zone, sees_authors=caller.sees_authors, in_force=(each.form.policy_id, each.version) in in_force)
        for each in found
    ]
    return ShownPolicies(items=items)


@router.put("/{policy_id}", summary="Write a version of a policy 编写叫应规则", operation_id="put_call_policy")
def put_policy(database: Db, caller: Caller, zone: Zone, policy_id: PolicyId, policy: PolicyRequest) -> ShownPolicy:
    """Write a version. It comes into force when another person approves it. A repeated request makes no other one."""
    if policy.policy_id != policy_id:
        raise InvalidParameter(f"The body names {policy.policy_id!r}, the path {policy_id!r}. Name the same policy.")
    caller.require([Place(policy.region, ACTUAL)])
    form = CallPolicyForm.model_validate(policy.model_dump())
    with refusals(), database.write() as connection:
        version = add_policy_version(connection, form, actor=caller.actor, person_id=caller.person_id)
        return _found(find_policy(connection, policy_id, version), zone, caller.sees_authors)


@approvals.post(
    "/{policy_id}/versions/{version}/approval",
    summary="Approve a version of a policy 批准叫应规则",
    operation_id="post_call_policy_approval",
    responses=problem_responses(HTTPStatus.NOT_FOUND),
)
def post_approval(database: Db, caller: Caller, zone: Zone, policy_id: PolicyId, version: Version) -> ShownPolicy:
    """Approve a version for a year, or renew its approval. Who wrote it cannot approve it."""
    with refusals(), database.write() as connection:
        found = find_policy(connection, policy_id, version)
        if found is None:
            raise NotFound(f"There is no version {version} of the policy {policy_id!r}.")
        caller.require_level(Level.parse(found.form.level), [Place(found.form.region, ACTUAL)])
        approve_policy_version(connection, policy_id, version, actor=caller.actor, person_id=caller.person_id)
        return _found(find_policy(connection, policy_id, version), zone, caller.sees_authors)


def _found(found: PolicyVersion | None, zone: Zone, sees_authors: bool) -> ShownPolicy:
    if found is None:
        raise NotFound("There is no such version.")
    return _shown(found, zone, sees_authors=sees_authors, in_force=found.approved_at is not None)


def _shown(found: PolicyVersion, zone: Zone, *, sees_authors: bool, in_force: bool) -> ShownPolicy:
    return ShownPolicy(
        policy=found.form,
        version=found.version,
        in_force=in_force,
        made_by=found.made_by if sees_authors else None,
        made_at=local(found.made_at, zone),
        approved_by=found.approved_by if sees_authors else None,
        approved_at=found.approved_at and local(found.approved_at, zone),
        approved_until=found.approved_until and local(found.approved_until, zone),
    )
