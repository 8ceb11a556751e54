"""Responses of regions: propose them by rule, and take the decisions of people."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import Misconfigured, NotPossible
from rencheng.domain.level import Level
from rencheng.operations.signers import Signer, signing_person
from rencheng.operations.task_roll import roll_of
from rencheng.response.calls.policy import Post
from rencheng.response.declarations.machine import (
    DeclaredResponse,
    NumberDeclared,
    ProposalChanged,
    ProposalDeclined,
    ResponseAdvance,
    ResponseEnded,
    ResponseInput,
    advance_response,
    may_propose_again,
)
from rencheng.response.declarations.rule import ROMAN, NumberRule, RegionRule, regions_with, rule_of
from rencheng.response.delivery.dispatch import Content, DispatchIntent, DispatchSource
from rencheng.response.delivery.subscription import EXPIRY
from rencheng.schemas.findings import join_findings, validation_findings
from rencheng.store.access import audit
from rencheng.store.calls.asks import proven_methods
from rencheng.store.core.database import Connection, database_now
from rencheng.store.response.enqueue import enqueue
from rencheng.store.tasks import responses as store
from rencheng.store.tasks.responses import StoredResponse

PLATFORM = "platform"

Levels = dict[tuple[str, str], list[Level]]


def read_rules(path: Path | None) -> tuple[RegionRule, ...]:
    """Return the rules of a YAML or JSON file; without a file none, so that the built-in one holds.

    Raises:
        Misconfigured: the file cannot be read, or has no such rules.
    """
    if path is None:
        return ()
    try:
        found: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        return tuple(TypeAdapter(list[RegionRule]).validate_python(found))
    except ValidationError as error:
        raise Misconfigured(f"{path}: {join_findings(validation_findings(error, 'rule'))}") from None
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise Misconfigured(f"{path}: {' '.join(str(error).split())}") from None


def levels_of_regions(connection: Connection, rules: Sequence[RegionRule]) -> Levels:
    """Return the levels of the open warnings by world and region with responses, and the regions where one runs."""
    found: Levels = defaultdict(list)
    for (world, district), levels in store.levels_by_district(connection).items():
        for region in regions_with(rules, district):
            found[world, region] += levels
    for key in store.running_regions(connection):
        found.setdefault(key, [])
    return found


def follow_region(
    connection: Connection, world: str, region: str, levels: Sequence[Level], rules: Sequence[RegionRule]
) -> None:
    """Propose what the rule asks for, and ask who declares it."""
    now = database_now(connection)
    rule = rule_of(rules, region)
    proposed = rule.proposed(levels)
    stored = store.lock_region(connection, world, region)
    if stored is None:
        if proposed is None:
            return
        last = store.last_response(connection, world, region)
        if not may_propose_again(last, proposed.number, now):
            return
        stored = store.add_response(connection, DeclaredResponse(region, world, now))
    counts = Counter(level.word for level in levels)
    because = tuple((word, counts[word]) for word in ("red", "orange", "yellow", "blue") if counts[word])
    given = ProposalChanged(proposed.number if proposed else None, because)
    result = advance_response(stored.response, given, now)
    if result.response == stored.response:
        return
    changed = store.record_response(connection, stored, given, result.response, PLATFORM)
    if result.asks and proposed is not None:
        enqueue(connection, list(_messages(connection, changed, proposed, rule, now)))


def _messages(
    connection: Connection, stored: StoredResponse, proposed: NumberRule, rule: RegionRule, now: datetime
) -> Iterator[DispatchIntent]:
    response = stored.response
    posts = [Post(role) for role in proposed.declared_by]
    roll = roll_of(connection, posts, response.region, "", response.world, Level.RED)
    people = {one.duty.person_id for one in roll.values() if one.duty.person_id is not None}
    roman = ROMAN[proposed.number]
    because = ", ".join(f"{word} {count}" for word, count in response.because)
    document: dict[str, object] = {
        "kind": "response",
        "response_id": stored.response_id,
        "region": response.region,
        "world": response.world,
        "proposed": proposed.number,
        "because": dict(response.because),
        "source": rule.source,
    }
    content = Content(
        f"建议启动{roman}级防汛应急响应：{response.region}（{because}），请决定。",
        f"Response {roman} is proposed for {response.region} ({because}); please decide.",
        document,
    )
    methods = proven_methods(connection, people, response.world, Level.RED)
    for method in [one for own in methods.values() for one in own]:
        yield DispatchIntent(
            method_id=method.method_id,
            world=response.world,
            source=DispatchSource.TASK,
            source_id=f"response/{stored.response_id}/{stored.events}",
            purpose="response",
            level=Level.RED,
            line=f"response {stored.response_id}",
            sequence=stored.events,
            due_at=now,
            expires_at=now + EXPIRY,
            content=content,
        )


def declare(
    connection: Connection,
    region: str,
    number: int,
    *,
    signer: Signer,
    rules: Sequence[RegionRule],
    reason: str = "",
    world: str = ACTUAL,
) -> StoredResponse:
    """Declare a response, or change its number, by a person whose role the number asks for.

    Raises:
        NotPossible: the region has no such number, or the person has none of its roles.
    """
    stored = store.lock_region(connection, world, region)
    if stored is None:
        stored = store.add_response(connection, DeclaredResponse(region, world, database_now(connection)))
    person_id = _signed(connection, region, number, signer, rules)
    given = NumberDeclared(person_id, number, reason)
    return _decide(connection, stored, given, signer, "response.declare")


def decline(
    connection: Connection, response_id: int, reason: str, *, signer: Signer, rules: Sequence[RegionRule]
) -> StoredResponse:
    """Decide against a proposal.

    Raises:
        NotPossible: nothing is proposed, or the person has no role that could declare it.
    """
    stored = _running(connection, response_id)
    number = stored.response.proposed or 0
    person_id = _signed(connection, stored.response.region, number, signer, rules)
    return _decide(connection, stored, ProposalDeclined(person_id, reason), signer, "response.decline")


def end_response(
    connection: Connection, response_id: int, *, signer: Signer, rules: Sequence[RegionRule], reason: str = ""
) -> StoredResponse:
    """End a response, by a person whose role its number asks for.

    Raises:
        NotPossible: it does not run, or the person has none of the roles.
    """
    stored = _running(connection, response_id)
    number = stored.response.number or stored.response.proposed or 0
    person_id = _signed(connection, stored.response.region, number, signer, rules)
    return _decide(connection, stored, ResponseEnded(person_id, reason), signer, "response.end")


def _signed(connection: Connection, region: str, number: int, signer: Signer, rules: Sequence[RegionRule]) -> str:
    rule = rule_of(rules, region).of(number)
    if rule is None:
        known = ", ".join(ROMAN[each.number] for each in rule_of(rules, region).responses)
        raise NotPossible(f"the region {region} has no response {ROMAN.get(number, number)}, but {known}")
    person = signing_person(connection, signer, region)
    if not set(rule.declared_by) & set(person.roles):
        roles = ", ".join(rule.declared_by)
        raise NotPossible(f"{person.person_id} has none of the roles that decide about {ROMAN[number]}: {roles}")
    return person.person_id


def _running(connection: Connection, response_id: int) -> StoredResponse:
    found = store.find_response(connection, response_id)
    if found is not None:
        response = found.response
        found = store.lock_region(connection, response.world, response.region)
    if found is None or found.response_id != response_id:
        raise NotPossible(f"no response {response_id} runs; `rencheng response list` shows those that do")
    return found


def _decide(
    connection: Connection, stored: StoredResponse, given: ResponseInput, signer: Signer, action: str
) -> StoredResponse:
    result: ResponseAdvance = advance_response(stored.response, given, database_now(connection))
    if result.refusal:
        raise NotPossible(f"it changes nothing: {result.refusal}")
    changed = store.record_response(connection, stored, given, result.response, signer.actor)
    before, after = stored.response, result.response
    detail = {
        "person": signer.person_id,
        "before": {"state": before.state.value, "number": before.number},
        "after": {"state": after.state.value, "number": after.number},
        "reason": after.reason,
    }
    audit.record(connection, signer.actor, action, f"response {stored.response_id} of {after.region}", detail)
    return changed
