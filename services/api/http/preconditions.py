"""ETag and If-Match (RFC 9110, section 13): two operators do not overwrite each other's changes."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Header, Response

from rencheng.operations.differences import differences, tag_of
from services.api.http.errors import PreconditionFailed

_IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=1000,
        description="The `ETag` of the registration that the change starts from; `*`: any. A newer one answers 412.",
    ),
]


class Precondition:
    """The registration that a change starts from, and the tag of the one that it leaves.

    Args:
        response: the response that gets the tag.
        if_match: the header; None changes without a check.
    """

    def __init__(self, response: Response, if_match: _IfMatch = None) -> None:
        self._response = response
        self._if_match = if_match

    def check(self, current: Mapping[str, Any] | None, wanted: Mapping[str, Any], *, number: int | None = None) -> None:
        """Check that the client starts from the current registration.

        Args:
            current: the values of the current registration; None if there is none.
            wanted: the values that the client asks for.
            number: the number of the current version, if versions are counted; else its values give its tag.

        Raises:
            PreconditionFailed: it was changed since, or does not exist. The response has the current ETag, and both
                values of each field that differs.
        """
        if self._if_match is None:
            return
        if current is None:
            raise PreconditionFailed("It is not registered yet. Send the request without `If-Match` to register it.")
        current_tag = _tag(current, number)
        tags = {tag.strip().removeprefix("W/") for tag in self._if_match.split(",")}
        if tags.isdisjoint({"*", f'"{current_tag}"', current_tag}):
            changed = differences(current, wanted)
            raise PreconditionFailed(
                f'It was changed meanwhile; its version is now "{current_tag}". `current` and `wanted` have both'
                " values of each field that differs. Decide for each, and repeat the change with this version.",
                headers={"ETag": f'"{current_tag}"'},
                current=changed["before"],
                wanted=changed["after"],
            )

    def tag(self, saved: Mapping[str, Any], *, number: int | None = None) -> None:
        """Add the tag of a registration to the response."""
        self._response.headers["ETag"] = f'"{_tag(saved, number)}"'


def _tag(values: Mapping[str, Any], number: int | None) -> str:
    return tag_of(values) if number is None else str(number)


Version = Annotated[Precondition, Depends(Precondition)]
"""The version that a change starts from."""
