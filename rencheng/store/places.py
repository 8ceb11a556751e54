"""Where an object is: its regions and worlds, by which bound keys are checked."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ARRAY, Connection, Text, any_, cast, literal, select, union

from rencheng.domain.device import ACTUAL
from rencheng.domain.mute import MuteScope
from rencheng.store.calls.people import find_people
from rencheng.store.quarantine.log import topic_region
from rencheng.store.registry.devices import find_devices
from rencheng.store.schema.account_tables import quarantine
from rencheng.store.schema.call_tables import call_policies, rosters
from rencheng.store.schema.command_tables import actuators, commands
from rencheng.store.schema.suppression_tables import notices
from rencheng.store.schema.tables import devices, sites, warnings
from rencheng.store.schema.task_tables import plans, responses, tasks
from rencheng.store.warnings.mutes import find_mute, places_of

NOWHERE = "000000"
"""The region of an object that has none, such as a message with an unreadable topic. No bound key reaches it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A region of a world."""

    region: str
    world: str


def of_device(connection: Connection, device_id: str) -> Sequence[Place]:
    """Return the place of a device; of an unregistered one, the places in the topics of its quarantined messages."""
    device = find_devices(connection, [device_id]).get(device_id)
    if device is not None:
        return [Place(device.region, device.world)]
    query = select(topic_region(), quarantine.c.world).where(
        quarantine.c.device_id == device_id, quarantine.c.replayed_at.is_(None)
    )
    return [Place(region or NOWHERE, world) for region, world in connection.execute(query.distinct())]


def of_site(connection: Connection, site_id: str) -> Sequence[Place]:
    """Return the place of a site; none if it is not registered."""
    query = select(sites.c.region, sites.c.world).where(sites.c.site_id == site_id)
    return [Place(*row) for row in connection.execute(query)]


def of_warning(connection: Connection, warning_id: str) -> Sequence[Place]:
    """Return the place of a warning; none if there is no such warning."""
    query = select(sites.c.region, warnings.c.world).join(warnings, warnings.c.site_id == sites.c.site_id)
    return [Place(*row) for row in connection.execute(query.where(warnings.c.warning_id == warning_id))]


def of_doubt(connection: Connection, doubt_id: str) -> Sequence[Place]:
    """Return the place of a doubt; none if there is no such doubt."""
    query = select(sites.c.region, notices.c.world).join(notices, notices.c.topic == sites.c.site_id)
    return [Place(*row) for row in connection.execute(query.where(notices.c.doubt_id == doubt_id).distinct())]


def of_quarantine_entry(connection: Connection, quarantine_id: str) -> Sequence[Place]:
    """Return the place in the topic of a quarantined message, and that of its device."""
    query = select(topic_region(), quarantine.c.world, quarantine.c.device_id)
    if not quarantine_id.isdecimal() or len(quarantine_id) > _DIGITS_MAX:
        return []
    row = connection.execute(query.where(quarantine.c.quarantine_id == int(quarantine_id))).one_or_none()
    if row is None:
        return []
    return [Place(row[0] or NOWHERE, row.world), *of_registered(connection, [row.device_id] if row.device_id else [])]


_DIGITS_MAX = 18


def of_person(connection: Connection, person_id: str) -> Sequence[Place]:
    """Return the regions in which a person serves; none if there is no such person. People are of the world actual."""
    return of_people(connection, [person_id])


def of_people(connection: Connection, person_ids: Collection[str]) -> Sequence[Place]:
    """Return the regions in which these people serve."""
    found = find_people(connection, person_ids)
    return [Place(region, ACTUAL) for person in found.values() for region in person.regions or (NOWHERE,)]


def of_roster(connection: Connection, roster_id: str) -> Sequence[Place]:
    """Return the region of a roster; none if there is no such roster."""
    query = select(rosters.c.region).where(rosters.c.roster_id == roster_id)
    return [Place(region, ACTUAL) for region in connection.execute(query).scalars()]


def of_policy(connection: Connection, policy_id: str) -> Sequence[Place]:
    """Return the regions of the versions of a policy of calls."""
    query = select(call_policies.c.region).where(call_policies.c.policy_id == policy_id)
    return [Place(region, ACTUAL) for region in connection.execute(query.distinct()).scalars()]


def of_plan(connection: Connection, plan_id: str) -> Sequence[Place]:
    """Return the regions of the versions of a response plan."""
    query = select(plans.c.region).where(plans.c.plan_id == plan_id)
    return [Place(region, ACTUAL) for region in connection.execute(query.distinct()).scalars()]


def of_task(connection: Connection, task_id: str) -> Sequence[Place]:
    """Return the place of a task; none if there is no such task."""
    if not task_id.isdecimal() or len(task_id) > _DIGITS_MAX:
        return []
    query = select(tasks.c.region, tasks.c.world).where(tasks.c.task_id == int(task_id))
    return [Place(*row) for row in connection.execute(query)]


def of_response(connection: Connection, response_id: str) -> Sequence[Place]:
    """Return the place of a response; none if there is no such response."""
    if not response_id.isdecimal() or len(response_id) > _DIGITS_MAX:
        return []
    query = select(responses.c.region, responses.c.world).where(responses.c.response_id == int(response_id))
    return [Place(*row) for row in connection.execute(query)]


def of_actuator(connection: Connection, device_id: str) -> Sequence[Place]:
    """Return the place of a device that takes commands; none if it is not registered."""
    query = select(actuators.c.region, actuators.c.world).where(actuators.c.device_id == device_id)
    return [Place(*row) for row in connection.execute(query)]


def of_command(connection: Connection, command_id: str) -> Sequence[Place]:
    """Return the place of a command."""
    query = select(commands.c.region, commands.c.world).where(cast(commands.c.command_id, Text) == command_id)
    return [Place(*row) for row in connection.execute(query)]


def of_proposal(connection: Connection, proposal_id: str) -> Sequence[Place]:
    """Return the places of the commands of a proposal."""
    query = select(commands.c.region, commands.c.world).where(commands.c.proposal_id == proposal_id)
    return [Place(*row) for row in connection.execute(query.distinct())]


def of_mute(connection: Connection, name: str) -> Sequence[Place]:
    """Return the places that a mute includes: those of its sites, and its region as a whole."""
    mute = find_mute(connection, name)
    return [] if mute is None else of_scope(connection, mute.scope)


def of_scope(connection: Connection, scope: MuteScope) -> Sequence[Place]:
    """Return the places of a scope: those of its sites, and its region as a whole."""
    whole = [Place(scope.region, scope.world)] if scope.region else []
    found = [Place(region, scope.world) for _, region in places_of(connection, scope)]
    return [*whole, *found] or [Place(NOWHERE, scope.world)]


def of_registered(connection: Connection, device_ids: Collection[str]) -> Sequence[Place]:
    """Return the places of the registered ones of these devices, and of the sites that they serve."""
    named = devices.c.device_id == any_(literal(list(device_ids), ARRAY(Text)))
    own = select(devices.c.region, devices.c.world).where(named)
    at = select(sites.c.region, sites.c.world).join(devices, devices.c.site_id == sites.c.site_id).where(named)
    query = union(own, at)
    return [Place(*row) for row in connection.execute(query)]
