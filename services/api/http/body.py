"""Bounds of request bodies: their size before they are read, and the time in which they must arrive."""

import asyncio
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from services.api.http.errors import ContentTooLarge

PART_WITHIN_S = 15.0
"""The longest wait for the next part of a body."""

BODY_WITHIN_S = 120.0
"""The longest time for a whole body: 16 MiB at 1.2 Mbit/s."""


def check_length(announced: str, bytes_max: int) -> None:
    """Check the size that a request announces. A body without one is counted while it is read.

    Raises:
        ContentTooLarge: the body is larger than the route accepts.
    """
    if announced.isdigit() and int(announced) > bytes_max:
        raise ContentTooLarge(too_large(bytes_max))


def too_large(bytes_max: int) -> str:
    """Return the sentence about a body that is too large."""
    return f"The body may have {bytes_max:,} bytes. Send less in one request."


class BodyDeadline:
    """Receives a body, and gives up if the client sends it too slowly."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_whole = False
        self._until_s: float | None = None

    async def receive(self) -> Message:
        """Receive the next message.

        Raises:
            HTTPException: the next part did not arrive in time.
        """
        if self._is_whole:  # what follows is only the end of the connection
            return await self._receive()
        now_s = asyncio.get_running_loop().time()
        self._until_s = self._until_s or now_s + BODY_WITHIN_S
        try:
            async with asyncio.timeout_at(min(self._until_s, now_s + PART_WITHIN_S)):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, headers={"Connection": "close"}) from None
        self._is_whole = not message.get("more_body", False)
        return message
