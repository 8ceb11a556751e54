"""Change subscribers and contact methods, send test messages, and send again what failed."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any
from uuid import UUID

from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.response.delivery.contact_form import ContactForm, SubscriberForm
from rencheng.response.delivery.dispatch import ContactKind, Content, DispatchIntent, DispatchSource
from rencheng.store.access import audit
from rencheng.store.core.database import Connection, database_now
from rencheng.store.core.named_locks import lock_name
from rencheng.store.core.sessions import Row
from rencheng.store.response import contacts, ledger, proofs
from rencheng.store.response.cipher import ContactCipher
from rencheng.store.response.enqueue import enqueue

TEST_WITHIN = timedelta(minutes=10)
"""How long a test message may wait."""

_LISTS = "`rencheng subscriber list` and `rencheng contact list` show them all"


def save_subscriber(connection: Connection, subscriber_id: str, form: SubscriberForm, *, actor: str) -> bool:
    """Write a subscriber, new or changed. Return whether it is new."""
    before = contacts.save_subscriber(connection, subscriber_id, form)
    detail: dict[str, object] = {"after": _subscriber_detail(contacts.find_subscriber(connection, subscriber_id))}
    if before is not None:
        detail = {"before": _subscriber_detail(before)} | detail
    audit.record(connection, actor, "subscriber.save", f"subscriber {subscriber_id}", detail)
    return before is None


def end_subscriber(connection: Connection, subscriber_id: str, *, actor: str) -> None:
    """Make a subscriber inactive. It gets nothing more, also not what is due.

    Raises:
        NotPossible: there is none of this name that is active.
    """
    before = contacts.find_subscriber(connection, subscriber_id)
    if not contacts.end_subscriber(connection, subscriber_id):
        raise NotPossible(f"there is no active subscriber {subscriber_id}; {_LISTS}")
    detail = {"before": _subscriber_detail(before)}
    audit.record(connection, actor, "subscriber.end", f"subscriber {subscriber_id}", detail)


def add_contact(
    connection: Connection, subscriber_id: str, form: ContactForm, cipher: ContactCipher, *, actor: str
) -> tuple[int, str | None]:
    """Add a contact method to a subscriber. Return its number, and the secret of a webhook, which is shown once.

    Raises:
        NotPossible: there is no such subscriber, or the address is in use.
    """
    found = contacts.find_subscriber(connection, subscriber_id)
    if found is None or not found["active"]:
        raise NotPossible(f"there is no active subscriber {subscriber_id}; {_LISTS}")
    owner = {"subscriber_id": subscriber_id}
    return add_contact_of(connection, owner, form, cipher, actor=actor)


def add_contact_of(
    connection: Connection, owner: Mapping[str, str], form: ContactForm, cipher: ContactCipher, *, actor: str
) -> tuple[int, str | None]:
    """Add a contact method to a subscriber or person that exists. Return its number, and the secret of a webhook.

    A repetition returns the same number, and no secret; `rencheng contact rotate` makes another one.
    """
    lock_name(connection, f"contact address {cipher.hash(form.kind, form.address).hex()}")
    known = {row["method_id"] for row in contacts.list_contacts(connection, **owner)}
    method_id = contacts.add_contact(connection, owner, form, cipher)
    if method_id in known:
        return method_id, None
    secret = None
    if contacts.has_own_secret(form.kind):
        secret = contacts.new_secret(connection, method_id, cipher)
    elif form.secret:
        contacts.save_secret(connection, method_id, cipher, form.secret)
    audit.record(
        connection,
        actor,
        "contact.add",
        f"contact {method_id}",
        {"after": _contact_detail(contacts.find_contact(connection, method_id))},
    )
    return method_id, secret


def end_contact(connection: Connection, method_id: int, *, actor: str) -> None:
    """End a contact method. Nothing more is sent to it.

    Raises:
        NotPossible: there is none of this number in use.
    """
    before = _known(connection, method_id)
    contacts.end_contact(connection, method_id)
    audit.record(connection, actor, "contact.end", f"contact {method_id}", {"before": _contact_detail(before)})


def rotate_secret(connection: Connection, method_id: int, cipher: ContactCipher, *, at_once: bool, actor: str) -> str:
    """Replace the secret of a webhook. Both sign for a day; with `at_once` only the new one does. Return the new one.

    Raises:
        NotPossible: there is no such webhook.
    """
    before = _known(connection, method_id)
    if not contacts.has_own_secret(ContactKind(before["kind"])):
        raise NotPossible(f"contact {method_id} is no webhook; end it, and add it again with its new secret")
    secret = contacts.new_secret(connection, method_id, cipher, at_once=at_once)
    audit.record(connection, actor, "contact.rotate", f"contact {method_id}", {"at_once": at_once})
    return secret


def send_test(connection: Connection, method_id: int, *, actor: str) -> UUID:
    """Send a test message on the way of a real one; to a disabled endpoint as a probe. Return its dispatch.

    The message to a person has a code, which the person types back.

    Raises:
        NotPossible: there is no such contact method.
    """
    before = _known(connection, method_id)
    now = database_now(connection)
    if before["disabled_at"] is not None:
        contacts.begin_probe(connection, method_id)
    code = None if before["person_id"] is None else proofs.make_code(connection, method_id)
    intent = _test_intent(before, now, code)
    enqueue(connection, [intent])
    detail = {"dispatch": str(intent.dispatch_id), "probes": before["disabled_at"] is not None}
    audit.record(connection, actor, "contact.test", f"contact {method_id}", detail)
    return intent.dispatch_id


def prove_contact(connection: Connection, method_id: int, code: str, *, actor: str) -> bool:
    """Take the code that a person received. Return whether it is right; commit in either case, as tries are counted.

    Raises:
        NotPossible: there is no such contact method, or it belongs to a subscriber.
    """
    before = _known(connection, method_id)
    if before["person_id"] is None:
        raise NotPossible(f"contact {method_id} is that of a subscriber; a test message that arrives is its proof")
    is_right = proofs.is_code(connection, method_id, code)
    if is_right:
        proofs.note_proof(connection, method_id)
        detail = {"person": before["person_id"], "kind": before["kind"], "shown": before["shown"]}
        audit.record(connection, actor, "contact.prove", f"contact {method_id}", detail)
    return is_right


WRONG_CODE = "the code is wrong or has expired; send another one with `rencheng contact test`"


def disable_contact(connection: Connection, method_id: int, reason: str, *, actor: str) -> None:
    """Send nothing more to a contact method until a probe arrives there. A repetition changes nothing.

    Raises:
        NotPossible: there is no such contact method.
    """
    before = _known(connection, method_id)
    why = f"{actor}: {reason}"
    if before["disabled_why"] == why:
        return
    contacts.disable_contact(connection, method_id, why)
    audit.record(connection, actor, "contact.disable", f"contact {method_id}", {"why": reason})


def send_again(connection: Connection, dispatch_id: UUID, *, actor: str) -> None:
    """Send a dead letter again, under its id.

    Raises:
        NotPossible: it is no dead letter.
    """
    before = ledger.send_again(connection, dispatch_id)
    if before is None:
        raise NotPossible(f"dispatch {dispatch_id} has not failed; `rencheng dispatch list` shows the dead letters")
    detail = {"before": {"state": before["state"], "reason": before["reason"]}, "after": {"state": "due"}}
    audit.record(connection, actor, "dispatch.again", f"dispatch {dispatch_id}", detail)


def _test_intent(method: Row, now: datetime, code: str | None) -> DispatchIntent:
    asks_zh, asks_en = ("无需处置", "Nothing needs to be done")
    if code is not None:
        asks_zh, asks_en = (f"请回填验证码{code}", f"Type the code {code} back")
    name = f"test-{method['method_id']}-{token_hex(8)}"
    return DispatchIntent(
        method_id=method["method_id"],
        world=method["worlds"][0],
        source=DispatchSource.TEST,
        source_id=name,
        purpose="test",
        level=Level.BLUE,
        line=name,
        sequence=0,
        due_at=now,
        expires_at=now + TEST_WITHIN,
        content=Content(
            zh=f"韧城测试消息：收到即表示通道正常，{asks_zh}。",
            en=f"Test message of Rencheng: the channel works. {asks_en}.",
            document={"kind": "test", "sent_at": now.isoformat()} | ({} if code is None else {"code": code}),
        ),
    )


def _known(connection: Connection, method_id: int) -> Row:
    found = contacts.find_contact(connection, method_id, lock=True)
    if found is None:
        raise NotPossible(f"there is no contact {method_id} in use; {_LISTS}")
    return found


def _subscriber_detail(row: Mapping[Any, Any] | None) -> dict[str, object]:
    hidden = {"created_at", "subscriber_id"}
    return {name: value for name, value in (row or {}).items() if name not in hidden}


def _contact_detail(row: Mapping[Any, Any] | None) -> dict[str, object]:
    shown = ("subscriber_id", "person_id", "kind", "shown", "worlds", "mode", "cap", "language", "spare", "template")
    return {name: row[name] for name in shown} if row else {}
