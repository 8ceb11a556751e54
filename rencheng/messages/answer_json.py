"""The JSON form of answers to calls on MQTT, and of what became of them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from rencheng.domain.topic import ROOT
from rencheng.schemas.fields import Identifier, OptionalText, Text

ANSWER_TOPIC = f"{ROOT}/answer"
"""A dispatch system publishes answers of its people here."""

RESULT_TOPIC = f"{ANSWER_TOPIC}/result"
"""What became of each answer."""


class AnswerDocument(BaseModel):
    """An answer of a person to a call. It names what it answers, so that a repetition counts once."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    id: Text
    """The sender's name of the answer; the result repeats it."""
    warning_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$")]
    person_id: Identifier
    kind: Literal["received", "accepted", "on_site", "cannot"]
    round: Annotated[int, Field(ge=1, le=1000)]
    """The `round` of the message that asks."""
    ask: Annotated[int, Field(ge=0, le=1000)]
    """The `ask_number` of the message that asks; 0 of a person who was not asked."""
    note: OptionalText = ""


class AnswerResultDocument(BaseModel):
    """What became of an answer."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    """The name that the sender gave it; empty if it cannot be read."""
    taken: bool
    refusal: str
    """Why it changed nothing; empty if it counts."""
