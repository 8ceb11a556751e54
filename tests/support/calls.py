"""People on duty, and a look at all calls as the response service takes it."""

import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from rencheng.operations.calls import CarryOut, answer_for, follow_warning, send_nothing, warnings_to_look_at
from rencheng.operations.handovers import offer_handover
from rencheng.operations.people import add_person_contact, save_person, save_roster
from rencheng.operations.signers import Signer
from rencheng.response.calls.call import AnswerKind
from rencheng.response.calls.forms import HandoverForm, PersonForm, RosterForm
from rencheng.response.delivery.contact_form import ContactForm
from rencheng.store.core.database import Connection
from rencheng.store.warnings.mutes import load_mutes
from tests.support.api import LIXIA
from tests.support.decisions import CIPHER
from tests.support.streams import SITES_BY_ID, record_messages, rendered

DUTIES = {"ann": "keeper", "bo": "leader", "cy": "city_duty_officer"}


def clear_calls(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE people, rosters, call_policies, warnings, silences, contact_methods CASCADE"))


def put_on_duty(engine: Engine, duties: Iterable[tuple[str, str]] = tuple(DUTIES.items())) -> None:
    """Put each person on duty for a role, around the clock."""
    now = datetime.now(UTC)
    day = timedelta(days=10)
    with engine.begin() as connection:
        for number, (person, role) in enumerate(duties):
            form = {"person_id": person, "name": person, "regions": [LIXIA], "roles": [role]}
            save_person(connection, PersonForm.model_validate(form), actor="a test")
            shift = {"person_id": person, "begins_at": now - day, "ends_at": now + day}
            roster = {"roster_id": f"{role}s", "role": role, "region": LIXIA, "shifts": [shift]}
            save_roster(connection, RosterForm.model_validate(roster), actor="a test")
            prove_contact(connection, person, "sms", str(13800000000 + number))


def prove_contact(connection: Connection, person: str, kind: str, address: str) -> int:
    """Add a contact method that a test message reached."""
    form = ContactForm.model_validate({"kind": kind, "address": address})
    number, _ = add_person_contact(connection, person, form, CIPHER, actor="a test")
    proven = text("UPDATE contact_methods SET verified_at = now() WHERE method_id = :number")
    connection.execute(proven, {"number": number})
    return number


def look_at_calls(engine: Engine, carry_out: CarryOut = send_nothing) -> None:
    """Let every call go on."""
    with engine.begin() as connection:
        mutes = [mute for mute, _ in load_mutes(connection, datetime.now(UTC))]
        found = warnings_to_look_at(connection, mutes)
    for warning_id in found:
        with engine.begin() as connection:
            follow_warning(connection, warning_id, mutes, carry_out)


def make_due(engine: Engine, seconds: float) -> None:
    """Let time pass for all calls: what is due is due earlier by so much."""
    shift = f"interval '{seconds} s'"
    due = "to_jsonb(next_due - {shift})"
    with engine.begin() as connection:
        connection.execute(
            text(
                f"UPDATE calls SET document = jsonb_set(document, '{{next_due}}', {due.format(shift=shift)}),"
                f" next_due = next_due - {shift} WHERE next_due IS NOT NULL"
            )
        )


def prepare_proof(connection: Connection) -> None:
    """Make contact 1 that of a person, with a known code."""
    connection.execute(text("UPDATE contact_methods SET subscriber_id = NULL, person_id = 'new-ann'"))
    values = {"method": 1, "hash": hashlib.sha256(b"1/024681").digest()}
    query = "INSERT INTO contact_proofs VALUES (:method, :hash, now() + interval '1 h')"
    connection.execute(text(query), values)


def prepare_calls(city: Engine, path: str, names: dict[str, str]) -> None:
    """Make a call, and what a changing request to a path needs."""
    clear_calls(city)
    put_on_duty(city)
    names["roster_id"] = "keepers"
    record_messages(city, rendered("w-called", 1, Level.RED, site=SITES_BY_ID["underpass"]))
    with city.begin() as connection:
        follow_warning(connection, "w-called", [], send_nothing)
        if "withdrawals" in path:
            answer_for(
                connection,
                "w-called",
                "ann",
                AnswerKind.ACCEPTED,
                actor="another",
                via="test",
                carry_out=send_nothing,
            )
        elif "acceptance" in path:
            form = HandoverForm(from_person="ann", to_person="bo")
            offered = offer_handover(connection, "keepers", form, signer=Signer("another", None))
            names["handover_id"] = str(offered["handover_id"])
