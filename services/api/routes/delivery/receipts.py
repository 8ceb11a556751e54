"""Receipts of providers: a message was delivered, read, or could not be delivered."""

from typing import Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from rencheng.operations.receipts import note_receipt
from rencheng.schemas.fields import Moment, ShortText, Text
from services.api.auth.guard import Caller
from services.api.changes import ChangeRoute
from services.api.deps import Db
from services.api.http.callbacks import SignedCallback
from services.api.http.errors import OutOfReach
from services.api.http.models import ApiModel, example

router = APIRouter(route_class=ChangeRoute, prefix="/receipts", tags=["delivery"])

_RECEIPT: dict[str, Any] = {"provider": "sms-gateway", "ref": "r-20260720-1", "status": "delivered"}


class ReceiptRequest(BaseModel):
    """A receipt. Providers send receipts late, repeated and in any order."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_RECEIPT]})

    provider: ShortText
    ref: Text = Field(description="The provider's name of the message, as in its answer.")
    status: Literal["delivered", "read", "undelivered"]
    time: Moment | None = Field(None, description="When it happened, by the provider's clock.")


class ReceiptResult(ApiModel):
    """Whether a dispatch changed. A repetition, and a receipt of an unknown message, change nothing."""

    model_config = example(changed=True)

    changed: bool


@router.post("", summary="Report a receipt 回执", operation_id="post_receipt")
def post_receipt(database: Db, caller: Caller, callback: SignedCallback, receipt: ReceiptRequest) -> ReceiptResult:
    """Record a receipt. It only adds certainty: what was read is never called unread again."""
    if not caller.reach.is_everywhere:
        raise OutOfReach(f"Receipts belong to all regions and worlds. {caller.bounds}")
    callback.require_signature(receipt.provider)
    with database.write() as connection:
        changed = note_receipt(
            connection, receipt.provider, receipt.ref, receipt.status, receipt.time, actor=caller.actor
        )
    return ReceiptResult(changed=changed)
