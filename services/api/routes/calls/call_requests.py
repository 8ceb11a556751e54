"""The bodies of requests that change a call."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from rencheng.response.calls.call import AnswerKind
from rencheng.response.calls.forms import RoleName
from rencheng.schemas.fields import Identifier, OptionalText, Text


class AnswerRequest(BaseModel):
    """An answer that a person gave by telephone or otherwise 代答."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"person_id": "zhang-wei", "kind": "accepted", "note": "by telephone"}]},
    )

    person_id: Identifier
    kind: AnswerKind
    note: OptionalText = ""


class AnswerWithdrawal(BaseModel):
    """An answer that does not hold any more."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"person_id": "zhang-wei", "reason": "stuck in traffic"}]}
    )

    person_id: Identifier
    reason: Text


class PersonToCall(BaseModel):
    """One more person to call."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"person_id": "li-na", "role": "police"}]}
    )

    person_id: Identifier
    role: RoleName
    ask: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None,
        description="The number of this ask of the person, one more than `asks`, to ask somebody again who has not"
        " answered. By default a person who is asked already is not asked again.",
    )


class CallEnd(BaseModel):
    """The end of a call by a person's decision."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "handled by the fire brigade"}]}
    )

    reason: Text
