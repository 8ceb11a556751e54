"""Who signs: the person that a key names. A link, a chat, an import and a key without a person sign nothing."""

from dataclasses import dataclass

from rencheng.domain.errors import NotPossible
from rencheng.domain.region import code_includes
from rencheng.response.calls.people import Person
from rencheng.store.access import api_keys
from rencheng.store.calls.people import find_people
from rencheng.store.core.database import Connection


@dataclass(frozen=True, slots=True)
class Signer:
    """Who acts.

    Attributes:
        actor: the name in the audit log.
        person_id: the person; None if the key names none.
    """

    actor: str
    person_id: str | None


def signer_of_token(connection: Connection, token: str, actor: str) -> Signer:
    """Return the person of a key, for commands. The audit log names the user of the shell, too.

    Raises:
        NotPossible: the key is not in force.
    """
    key = api_keys.verify(connection, token.strip())
    if key is None:
        raise NotPossible("the key is unknown, expired or revoked; `rencheng key list` shows all keys")
    return Signer(actor, key.person_id)


def signing_person(connection: Connection, signer: Signer, region: str) -> Person:
    """Return the person who signs for a region.

    Raises:
        NotPossible: the key names no person, or one who is not active or does not serve there.
    """
    if signer.person_id is None:
        raise NotPossible(
            "the key names no person, and only a person signs;"
            " `rencheng key create NAME --person PERSON` makes a key for one"
        )
    person = find_people(connection, [signer.person_id]).get(signer.person_id)
    if person is None or not person.active:
        raise NotPossible(f"{signer.person_id} is not active; `rencheng people list` shows who is")
    if not any(code_includes(code, region) for code in person.regions):
        raise NotPossible(f"{person.person_id} does not serve in {region}, but in {', '.join(person.regions)}")
    return person
