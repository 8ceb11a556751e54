"""Types of fields that several forms share. Every text and every time of a form has one of these types."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
)
from pydantic_core import CoreSchema, core_schema

from rencheng.domain import bounds
from rencheng.domain.topic import IDENTIFIER, REGION

Identifier = Annotated[str, StringConstraints(pattern=f"^{IDENTIFIER.pattern}$")]
"""The identifier of a device, site or world."""

DistrictCode = Annotated[str, StringConstraints(pattern=f"^{REGION.pattern}$")]
"""A six-digit GB/T 2260 code."""


class SingleLine:
    """A mark of texts without control characters, in validation and in the published schema."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:  # noqa: ANN401
        """Check the text after its length."""
        return core_schema.no_info_after_validator_function(bounds.plain_text, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Publish the rule as a pattern."""
        return handler(schema) | {"pattern": f"^[^{bounds.CONTROLS}]*$"}


ShortText = Annotated[str, StringConstraints(min_length=1, max_length=64), SingleLine()]
"""A name of a thing that is not registered, such as a catchment or a source."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=200), SingleLine()]
"""A name or a reason for people."""

OptionalText = Annotated[str, StringConstraints(max_length=200), SingleLine()]
"""A text for people that may be empty."""

TopicText = Annotated[str, StringConstraints(min_length=1, max_length=1000), SingleLine()]
"""An MQTT topic, valid or not."""


def _not_in_the_future(moment: datetime) -> datetime:
    return bounds.past_moment(moment, datetime.now(UTC))


Moment = Annotated[AwareDatetime, BeforeValidator(bounds.written_time), AfterValidator(bounds.moment_within_bounds)]
"""A time with offset between 1970 and 2199, such as 2021-07-20T16:00:00+08:00. It becomes UTC."""

PastMoment = Annotated[AwareDatetime, BeforeValidator(bounds.written_time), AfterValidator(_not_in_the_future)]
"""A `Moment` that is not in the future, such as the time at which a forecast was issued."""

Day = Annotated[date, BeforeValidator(bounds.written_time), AfterValidator(bounds.day_within_bounds)]
"""A day between 1970 and 2199."""
