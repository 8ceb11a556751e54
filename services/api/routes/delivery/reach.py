"""What of delivery a bound key reaches: subscribers that name its regions, and contact methods in its worlds."""

from collections.abc import Mapping
from typing import Any

from rencheng.domain.device import ACTUAL
from rencheng.domain.reach import Reach
from rencheng.store.core.sessions import Connection, Row
from rencheng.store.places import of_people
from rencheng.store.response.contacts import find_contact, find_subscriber
from services.api.auth.principal import Principal
from services.api.http.errors import NotFound, OutOfReach


def reaches_subscriber(caller: Principal, regions: list[str]) -> bool:
    """Return whether all that a subscriber may get lies in the caller's regions. Subscribers belong to no exercise."""
    return caller.reach.includes_world(ACTUAL) and Reach(caller.reach.regions).covers(Reach(tuple(regions)))


def require_subscriber(connection: Connection, caller: Principal, subscriber_id: str) -> Row:
    """Return an active subscriber in reach.

    Raises:
        NotFound: there is none.
    """
    found = find_subscriber(connection, subscriber_id)
    if found is None or not found["active"] or not reaches_subscriber(caller, found["regions"]):
        raise NotFound(f"There is no subscriber {subscriber_id!r}.")
    return found


def require_contact(connection: Connection, caller: Principal, method_id: int) -> Row:
    """Return a contact method of a subscriber in reach.

    Raises:
        NotFound: there is none.
    """
    found = find_contact(connection, method_id)
    if found is None or not is_contact_reached(connection, caller, found):
        raise NotFound(f"There is no contact method {method_id}.")
    return found


def is_contact_reached(connection: Connection, caller: Principal, contact: Mapping[Any, Any]) -> bool:
    """Return whether a contact method lies in the caller's regions and worlds."""
    if caller.reach.is_everywhere:
        return True
    if not Reach((), caller.reach.worlds).covers(Reach((), tuple(contact["worlds"]))):
        return False
    if contact["person_id"] is not None:
        found = of_people(connection, [contact["person_id"]])
        return bool(found) and caller.reaches(found)
    owner = find_subscriber(connection, contact["subscriber_id"])
    return owner is not None and reaches_subscriber(caller, owner["regions"])


def require_worlds_in_reach(caller: Principal, worlds: list[str]) -> None:
    """Check that a contact method may get what the caller may see.

    Raises:
        OutOfReach: it may get more.
    """
    if not Reach((), caller.reach.worlds).covers(Reach((), tuple(worlds))):
        raise OutOfReach(f"Your key does not reach all of these worlds. {caller.bounds}")
