"""The JSON form of an answer to a doubt. Unknown fields are rejected."""

from pydantic import BaseModel, ConfigDict, Field

from rencheng.domain.doubt import DoubtAnswerKind
from rencheng.schemas.fields import OptionalText, ShortText


class AnswerForm(BaseModel):
    """The answer of a person who looked."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    answer: DoubtAnswerKind = Field(description="`confirm`: there is water; `deny`: there is none.")
    by: ShortText = Field(description="Who looked. The warning names it.")
    note: OptionalText = Field("", description="For the audit log.")
