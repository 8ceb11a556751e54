"""ETag and If-Match (RFC 9110, section 13): two operators do not overwrite each other's changes."""

from typing import Annotated

from fastapi import Header

from services.api.http.errors import PreconditionFailed

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=1000,
        description="The `ETag` of the registration that the change starts from; `*`: any. A newer one answers 412.",
    ),
]


def require_match(if_match: str | None, current: str | None) -> None:
    """Check that the client starts from the current registration.

    Args:
        if_match: the header; None changes without a check.
        current: the tag of the current registration; None if there is none.

    Raises:
        PreconditionFailed: it was changed since, or does not exist. The response has the current ETag.
    """
    if if_match is None:
        return
    if current is None:
        raise PreconditionFailed("It is not registered yet. Send the request without `If-Match` to register it.")
    tags = {tag.strip().removeprefix("W/") for tag in if_match.split(",")}
    if tags.isdisjoint({"*", f'"{current}"', current}):
        raise PreconditionFailed(
            f'It was changed meanwhile; its version is now "{current}". Read it again, and repeat the change on it.',
            headers={"ETag": f'"{current}"'},
        )
