"""Replies to calls by SMS and key presses, as gateways report them."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from rencheng.operations.replies import GatewayReply, take_reply
from rencheng.schemas.fields import ShortText, Text
from rencheng.store.response.cipher import ContactCipher
from services.api.auth.guard import Caller
from services.api.changes import ChangeRoute
from services.api.deps import Asks, Db
from services.api.http.callbacks import SignedCallback
from services.api.http.errors import OutOfReach
from services.api.http.models import ApiModel, example
from services.api.http.refusals import refusals

router = APIRouter(route_class=ChangeRoute, prefix="/replies", tags=["calls"])

_REPLY: dict[str, Any] = {
    "provider": "sms-gateway",
    "ref": "up-20260720-1",
    "via": "sms",
    "number": "13800000000",
    "text": "2 4711",
}


class ReplyRequest(BaseModel):
    """A reply of a person. Gateways send it again until they get an answer; it counts once."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_REPLY]})

    provider: ShortText
    ref: Text = Field(description="The gateway's name of the reply.")
    via: Literal["sms", "voice"]
    number: Annotated[str, Field(pattern=r"^\+?[0-9 ()-]{3,30}$", description="Where it came from.")]
    text: Annotated[str, Field(max_length=1000, description="The SMS, or the keys that were pressed.")]
    message_ref: Text | None = Field(
        None, description="The message that it answers: our id, or the gateway's name as in its answer."
    )


class ReplyReceived(ApiModel):
    """The same for every reply, so that nobody learns which numbers are known."""

    model_config = example(received=True)

    received: bool


@router.post("", summary="Report a reply by SMS or voice 短信与语音应答", operation_id="post_reply")
def post_reply(
    request: Request, database: Db, asks: Asks, caller: Caller, callback: SignedCallback, reply: ReplyRequest
) -> ReplyReceived:
    """Take a reply as the answer of the person with this number. It is stored when this is answered."""
    if not caller.reach.is_everywhere:
        raise OutOfReach(f"Replies belong to all regions and worlds. {caller.bounds}")
    callback.require_signature(reply.provider)
    cipher = ContactCipher(request.app.state.contact_keys)
    with refusals(), database.write() as connection:
        take_reply(connection, GatewayReply(**reply.model_dump()), cipher, actor=caller.actor, carry_out=asks)
    return ReplyReceived(received=True)
