"""Register a drill's places, people and devices, and end them afterwards.

Rosters, people and contact methods belong to no world. They are for the drill's district alone, and end with it.
"""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from demo.drill.folder import DrillForm, PartForm
from device_sims.responders.habits import Responder
from device_sims.responders.people import SimulatedPeople
from rencheng.devices.actuators import save_actuator
from rencheng.domain.device import Device
from rencheng.domain.kind import Kind
from rencheng.operations.contacts import add_contact, end_contact, save_subscriber
from rencheng.operations.people import (
    add_person_contact,
    add_policy_version,
    approve_policy_version,
    end_roster,
    save_person,
    save_roster,
)
from rencheng.operations.plans import add_plan_version, approve_plan_version
from rencheng.operations.signers import Signer
from rencheng.response.calls.forms import RosterForm
from rencheng.response.commands.verbs import ActuatorKind
from rencheng.response.delivery.contact_form import ContactForm, SubscriberForm
from rencheng.store.access import api_keys
from rencheng.store.access.api_keys import KeyScope
from rencheng.store.core.database import Connection, Engine
from rencheng.store.response.cipher import ContactCipher
from rencheng.store.response.contacts import list_contacts
from rencheng.store.response.proofs import note_proof

ACTOR = "drill"
ON_DUTY = timedelta(hours=12)
"""How long before and after the present everybody is on duty: longer than any recorded flood."""

SUBSCRIBER = "drill-dispatch"
"""The dispatch system, which gets every message."""

SCOPES = (KeyScope.RESPOND, KeyScope.COMMAND_APPROVE, KeyScope.COMMAND_REQUEST)


@dataclass(frozen=True)
class CastKeys:
    """The API keys of the simulated people, by person, and that of the SMS gateway."""

    people: Mapping[str, str]
    gateway: str


def responders_of(form: DrillForm, seed: int) -> list[Responder]:
    """Return the simulated people, each with dice of the own.

    Numbers are new in each run, because a number gets a limited number of SMS a day.
    """
    found = []
    run = int(time.time()) % 100_000
    for index, person in enumerate(form.people):
        part = form.cast.parts.get(person.person_id, PartForm())
        dice = random.Random(f"{seed}/{person.person_id}")  # noqa: S311 - simulated people
        number = f"10{run:05}{index:04}" if part.by == "sms" else None
        found.append(Responder(person.person_id, part.habit, dice, number))
    return found


def register_people(engine: Engine, form: DrillForm, people: SimulatedPeople, world: str, keys: str) -> CastKeys:
    """Register people with proven contact methods, rosters, policies and plans. Return the keys.

    Args:
        engine: the database.
        form: the drill.
        people: the simulated people, whose inbox runs.
        world: the exercise; nothing else is sent to them.
        keys: those that encrypt addresses.
    """
    cipher = ContactCipher(keys)
    with engine.begin() as connection:
        _end_contacts(connection, form)
        for person in form.people:
            save_person(connection, person, actor=ACTOR)
            number = people.number(person.person_id)
            address = number or people.inbox.hook(person.person_id)
            contact = {"kind": "sms" if number else "webhook", "address": address, "worlds": [world]}
            given = ContactForm.model_validate(contact)
            method_id, _ = add_person_contact(connection, person.person_id, given, cipher, actor=ACTOR)
            note_proof(connection, method_id)
        subscriber = SubscriberForm(owner="drill", regions=[form.cast.region])
        save_subscriber(connection, SUBSCRIBER, subscriber, actor=ACTOR)
        contact = {"kind": "webhook", "address": people.inbox.hook(SUBSCRIBER), "worlds": [world]}
        add_contact(connection, SUBSCRIBER, ContactForm.model_validate(contact), cipher, actor=ACTOR)
        for roster in _rosters(form):
            save_roster(connection, roster, actor=ACTOR)
        _write_rules(connection, form)
        names = [person.person_id for person in form.people]
        tokens = {name: api_keys.create(connection, ACTOR, SCOPES, person_id=name) for name in names}
        return CastKeys(tokens, api_keys.create(connection, ACTOR, [KeyScope.REPLIES_WRITE]))


def _rosters(form: DrillForm) -> list[RosterForm]:
    now = datetime.now(UTC)
    return [
        RosterForm.model_validate(
            {
                "roster_id": _roster_id(duty.role, duty.site_id),
                "role": duty.role,
                "region": form.cast.region,
                "site_id": duty.site_id,
                "ranks": len(duty.people),
                "shifts": [
                    {"rank": rank, "person_id": person, "begins_at": now - ON_DUTY, "ends_at": now + ON_DUTY}
                    for rank, person in enumerate(duty.people, 1)
                ],
            }
        )
        for duty in form.cast.duty
    ]


def _roster_id(role: str, site_id: str | None) -> str:
    return f"drill-{role}" + (f"-{site_id}" if site_id else "")


def _write_rules(connection: Connection, form: DrillForm) -> None:
    """Write policies and plans, each approved by other people than its author."""
    for policy in form.policies:
        version = add_policy_version(connection, policy, actor=ACTOR)
        approve_policy_version(connection, policy.policy_id, version, actor=f"{ACTOR} approver")
    for plan in form.plans:
        version = add_plan_version(connection, plan, signer=Signer(ACTOR, None))
        for person in form.people[:2]:
            signer = Signer(f"{ACTOR} {person.person_id}", person.person_id)
            approve_plan_version(connection, plan.plan_id, version, signer=signer)


def devices_of(form: DrillForm, world: str) -> list[Device]:
    """Return the gauges of the sites, and the piles that take commands."""
    gauges = [
        Device(sensor.device_id, Kind.WATERLOGGING, site.region, world=world, site_id=site.site_id)
        for site in form.sites
        for sensor in site.sensors
    ]
    piles = [
        Device(each.device_id, Kind.CHARGING, each.region, world=world, site_id=each.site_id)
        for each in form.actuators
        if each.kind is ActuatorKind.PILE
    ]
    return [*gauges, *piles]


def register_actuators(engine: Engine, form: DrillForm, world: str) -> dict[str, str]:
    """Register the devices that take commands. Return the passwords of those with an account of their own."""
    with engine.begin() as connection:
        made = {
            each.device_id: save_actuator(connection, each.model_copy(update={"world": world}), actor=ACTOR)
            for each in form.actuators
        }
    return {device_id: password for device_id, password in made.items() if password is not None}


def end_people(engine: Engine, form: DrillForm, keys: CastKeys) -> None:
    """End rosters, contact methods and keys of the drill, and call its people no more. What happened stays."""
    with engine.begin() as connection:
        for duty in form.cast.duty:
            end_roster(connection, _roster_id(duty.role, duty.site_id), actor=ACTOR)
        _end_contacts(connection, form)
        for person in form.people:
            save_person(connection, person.model_copy(update={"active": False}), actor=ACTOR)
        for token in (*keys.people.values(), keys.gateway):
            api_keys.revoke(connection, token.split("_")[1])


def _end_contacts(connection: Connection, form: DrillForm) -> None:
    found = [one for person in form.people for one in list_contacts(connection, person_id=person.person_id)]
    for contact in (*found, *list_contacts(connection, subscriber_id=SUBSCRIBER)):
        end_contact(connection, contact["method_id"], actor=ACTOR)
