"""Handovers 交接班: the person who leaves names the open calls, the one who comes accepts them.

Until then both are on duty, so that no call falls between them.
"""

from collections.abc import Iterator
from datetime import datetime

from rencheng.domain.errors import NotPossible
from rencheng.domain.reach import EVERYWHERE
from rencheng.operations.calls import CarryOut, answer_call, call_one_more, withdraw_answer_of
from rencheng.operations.people import require_people
from rencheng.operations.signers import Signer
from rencheng.response.calls.call import AnswerKind, Call, PersonState
from rencheng.response.calls.forms import HandoverForm
from rencheng.response.calls.roster import Roster, Shift, on_duty
from rencheng.store.access import audit
from rencheng.store.calls.answers import GivenAnswer
from rencheng.store.calls.calls import list_calls
from rencheng.store.calls.handovers import add_handover, find_handover, note_accepted, open_handover
from rencheng.store.calls.rosters import add_override, load_rosters
from rencheng.store.core.database import Connection, database_now
from rencheng.store.core.named_locks import lock_name
from rencheng.store.core.sessions import Row

VIA = "handover"

_CALLS_MAX = 1000


def offer_handover(connection: Connection, roster_id: str, form: HandoverForm, *, signer: Signer) -> Row:
    """Offer a shift to the person who comes, with the calls in which the one who leaves takes part.

    Raises:
        NotPossible: there is no such roster, a person is not registered, or neither is on duty.
    """
    lock_name(connection, f"roster {roster_id}")
    now = database_now(connection)
    roster = _roster(connection, roster_id, now)
    require_people(connection, (form.from_person, form.to_person))
    if form.rank > roster.ranks:
        raise NotPossible(f"the roster {roster_id} has no rank {form.rank}, but {roster.ranks}")
    planned = on_duty(roster, now)[form.rank - 1].person_id
    if planned not in {form.from_person, form.to_person}:
        raise NotPossible(
            f"neither {form.from_person} nor {form.to_person} is on duty for rank {form.rank} of {roster_id} now,"
            f" but {planned or 'nobody'}; `rencheng roster list` shows who is"
        )
    known = open_handover(connection, roster_id, form.rank)
    if known is not None and (known["from_person"], known["to_person"]) == (form.from_person, form.to_person):
        return known
    calls = [call.warning_id for call in _calls_of(connection, roster, form.from_person)]
    offered = add_handover(connection, roster_id, form, calls, (signer.actor, signer.person_id))
    detail = form.model_dump(mode="json") | {"handover": offered["handover_id"], "calls": calls}
    audit.record(connection, signer.actor, "roster.handover", f"roster {roster_id}", detail)
    return offered


def accept_handover(
    connection: Connection, roster_id: str, handover_id: int, *, signer: Signer, carry_out: CarryOut
) -> Row:
    """Accept a shift for the person who comes: with it the calls that are open now. A repetition changes nothing.

    Raises:
        NotPossible: there is no such handover, another one replaced it, who offered it accepts it, or the key is that
            of a third person.
    """
    found = find_handover(connection, roster_id, handover_id)
    if found is None:
        raise NotPossible(f"the roster {roster_id} has no handover {handover_id}")
    actor, person = signer.actor, signer.person_id
    if found["accepted_by"] == actor:
        return found
    if found["ended_at"] is not None:
        raise NotPossible(f"the handover {handover_id} is over: it was accepted, or another one replaced it")
    is_offerer = found["offered_by"] == actor or (person is not None and found["offering_person"] == person)
    if is_offerer or person not in {None, found["to_person"]}:
        raise NotPossible(f"{found['to_person']} accepts this handover, not {person or actor}")
    now = database_now(connection)
    roster = _roster(connection, roster_id, now)
    handed = []
    for call in _calls_of(connection, roster, found["from_person"]):
        _take_over(connection, call, roster.role, found, actor, carry_out)
        handed.append(call.warning_id)
    _replace_in_plan(connection, roster, found, now, actor)
    accepted = note_accepted(connection, handover_id, handed, actor)
    detail = {"handover": handover_id, "from": found["from_person"], "to": found["to_person"], "calls": handed}
    audit.record(connection, actor, "roster.accept", f"roster {roster_id}", detail)
    return accepted


def _roster(connection: Connection, roster_id: str, now: datetime) -> Roster:
    found = load_rosters(connection, roster_id=roster_id, since=now)
    if not found:
        raise NotPossible(f"there is no roster {roster_id}; `rencheng roster list` shows all")
    return found[0]


def _calls_of(connection: Connection, roster: Roster, person_id: str) -> Iterator[Call]:
    """Yield the open calls of a roster's place in which a person takes part."""
    for call, _ in list_calls(connection, reach=EVERYWHERE, world=None, limit=_CALLS_MAX):
        known = call.target(person_id)
        if known is not None and not known.state.is_lost and roster.serves(roster.role, call.region, call.site_id):
            yield call


def _take_over(connection: Connection, call: Call, role: str, handover: Row, actor: str, carry_out: CarryOut) -> None:
    """Let the person who comes take the place of the one who leaves: with the answer, or by being called."""
    leaving, coming = handover["from_person"], handover["to_person"]
    known, present = call.target(leaving), call.target(coming)
    if known is None:
        return
    if known.state.is_positive:
        kind = AnswerKind.RECEIVED if known.state is PersonState.RECEIVED else AnswerKind.ACCEPTED
        ask = present.asks if present else 0
        given = GivenAnswer(call.warning_id, coming, kind, call.round, ask, VIA, actor)
        answer_call(connection, given, carry_out, role=role)
        withdraw_answer_of(connection, call.warning_id, leaving, VIA, actor=actor, carry_out=carry_out)
        return
    call_one_more(connection, call.warning_id, coming, role, actor=actor, carry_out=carry_out)
    leaves = GivenAnswer(call.warning_id, leaving, AnswerKind.CANNOT, call.round, known.asks, VIA, actor)
    answer_call(connection, leaves, carry_out)


def _replace_in_plan(connection: Connection, roster: Roster, handover: Row, now: datetime, actor: str) -> None:
    """Let the person who comes have the rest of a period that the plan gives to the one who leaves."""
    rank, leaving = handover["rank"], handover["from_person"]
    for periods in (roster.overrides, roster.shifts):
        for period in reversed(periods):
            if period.rank == rank and period.includes(now):
                if period.person_id == leaving:
                    rest = Shift(rank, handover["to_person"], now, period.ends_at)
                    add_override(connection, roster.roster_id, rest, VIA, actor)
                return
