"""Take answers that come by a gateway for SMS or voice.

Only the number of a proven contact method counts, and only for a call for which its person was asked. Whoever writes
from another number learns nothing. A reply is answered by SMS if the method takes SMS, each kind of answer once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from rencheng.domain.level import Level
from rencheng.operations.calls import CarryOut, answer_call
from rencheng.response.calls.call import AnswerKind, Call
from rencheng.response.calls.replies import KEYS_EN, KEYS_ZH, ReadReply, forms_of, read_reply
from rencheng.response.delivery.dispatch import ContactKind, Content, DispatchIntent, DispatchSource
from rencheng.response.delivery.subscription import UPDATE_EXPIRY
from rencheng.store.access import audit
from rencheng.store.calls.answers import GivenAnswer
from rencheng.store.calls.calls import called_sites, find_call
from rencheng.store.calls.replies import (
    AskedFor,
    ReplyingMethod,
    find_by_code,
    find_by_message,
    find_method,
    note_reply,
    note_result,
    open_asks,
)
from rencheng.store.core.database import Connection, database_now
from rencheng.store.response.cipher import ContactCipher
from rencheng.store.response.enqueue import enqueue
from rencheng.store.response.proofs import note_proof

_ANSWERS_ZH = {
    AnswerKind.RECEIVED: "收到",
    AnswerKind.ACCEPTED: "接受",
    AnswerKind.CANNOT: "无法到岗",
    AnswerKind.ON_SITE: "到岗",
}


@dataclass(frozen=True, slots=True)
class GatewayReply:
    """A reply as a gateway reports it.

    Attributes:
        ref: the gateway's name of the reply; one that comes again changes nothing.
        via: `sms` or `voice`.
        text: of an SMS, or the keys that were pressed.
        message_ref: the message that it answers, as the gateway or we named it; None: the text names the call.
    """

    provider: str
    ref: str
    via: str
    number: str
    text: str
    message_ref: str | None = None


def take_reply(
    connection: Connection, reply: GatewayReply, cipher: ContactCipher, *, actor: str, carry_out: CarryOut
) -> None:
    """Take a reply: as an answer to a call, or with a message back that says how to answer."""
    if not note_reply(connection, reply.provider, reply.ref):
        return
    hashes = [cipher.hash(kind, form) for kind in ("sms", "voice") for form in forms_of(reply.number)]
    method = find_method(connection, hashes)
    result = "unknown number" if method is None else _take(connection, reply, method, actor, carry_out)
    note_result(connection, reply.provider, reply.ref, method and method.method_id, result)
    detail = {"via": reply.via, "result": result} | ({} if method is None else {"from": method.shown})
    audit.record(connection, actor, "reply", f"reply {reply.ref} of {reply.provider}", detail)


def _take(connection: Connection, reply: GatewayReply, method: ReplyingMethod, actor: str, carry_out: CarryOut) -> str:
    read = read_reply(reply.text)
    possible = open_asks(connection, method.person_id)
    asked = _asked_for(connection, method.person_id, read, reply.message_ref, possible)
    if read is None or asked is None:
        _explain(connection, method, possible)
        return "not understood" if read is None else "unclear which call"
    given = GivenAnswer(
        asked.warning_id, method.person_id, read.kind, asked.round, asked.ask, reply.via, actor, f"from {method.shown}"
    )
    refusal = answer_call(connection, given, carry_out)
    note_proof(connection, method.method_id)
    _confirm(connection, method, given, refusal)
    return refusal or "taken"


def _asked_for(
    connection: Connection,
    person_id: str,
    read: ReadReply | None,
    message_ref: str | None,
    possible: Sequence[AskedFor],
) -> AskedFor | None:
    """Return what a reply answers: what its code or message names; without both, the one call that is open."""
    if read is not None and read.code is not None:
        return find_by_code(connection, person_id, read.code)
    if message_ref is not None and (found := find_by_message(connection, person_id, message_ref)) is not None:
        return found
    return possible[0] if len(possible) == 1 else None


def _explain(connection: Connection, method: ReplyingMethod, possible: Sequence[AskedFor]) -> None:
    """Send how to answer, once for the same open calls. Without an open call nothing is sent."""
    calls = [(asked, call) for asked in possible if (call := find_call(connection, asked.warning_id)) is not None]
    if not calls:
        return
    names = {asked.code: _name(connection, call) for asked, call in calls}
    zh = "；".join(f"{code} {name[0]}" for code, name in names.items())
    en = "; ".join(f"{code} {name[1]}" for code, name in names.items())
    content = Content(
        f"请回复数字加编号：{KEYS_ZH}。编号：{zh}",
        f"Reply a number and a code: {KEYS_EN}. Codes: {en}",
        {"kind": "reply", "codes": [asked.code for asked, _ in calls]},
    )
    key = "/".join(sorted(f"{asked.warning_id}:{asked.round}" for asked, _ in calls))
    _send_back(connection, method, f"explain/{key}", calls[0][1], content)


def _confirm(connection: Connection, method: ReplyingMethod, given: GivenAnswer, refusal: str) -> None:
    """Send what became of an answer, once for each kind of answer in a round."""
    call = find_call(connection, given.warning_id)
    if call is None:
        return
    zh, en = _name(connection, call)
    done_zh, done_en = ("未生效，请拨打值班电话", f"changes nothing: {refusal}") if refusal else ("已记录", "recorded")
    content = Content(
        f"{zh}：{_ANSWERS_ZH[given.kind]}，{done_zh}。",
        f"{en}: {given.kind.value.replace('_', ' ')}, {done_en}.",
        {"kind": "reply", "answer": given.kind.value, "refusal": refusal},
    )
    key = f"{given.warning_id}/{given.round}/{given.kind.value}/{'refused' if refusal else 'taken'}"
    _send_back(connection, method, key, call, content)


def _send_back(connection: Connection, method: ReplyingMethod, key: str, call: Call, content: Content) -> None:
    if method.kind is not ContactKind.SMS or call.world not in method.worlds:
        return
    now = database_now(connection)
    intent = DispatchIntent(
        method_id=method.method_id,
        world=call.world,
        source=DispatchSource.CALL,
        source_id=f"reply {key}",
        purpose="reply",
        level=Level(call.level),
        line=f"reply {key}",
        sequence=0,
        due_at=now,
        expires_at=now + UPDATE_EXPIRY,
        content=content,
    )
    enqueue(connection, [intent])


def _name(connection: Connection, call: Call) -> tuple[str, str]:
    site = called_sites(connection, [call.site_id]).get(call.site_id)
    return (site.name_zh, site.name_en) if site else (call.site_id, call.site_id)
