"""HEAD: what GET would answer, without the body."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class _HeadersSentError(Exception):
    """Ends the handler of a HEAD request, because its headers are sent. A stream would not end by itself."""


class HeadRequests:
    """Middleware that answers HEAD wherever GET is answered. Checks of availability use it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; a HEAD request as GET, without its body."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def send_headers(message: Message) -> None:
            if message["type"] == "http.response.body":
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                raise _HeadersSentError
            await send(message)

        scope["method"] = "GET"
        try:
            await self._app(scope, receive, send_headers)
        except* _HeadersSentError:
            pass
        finally:
            scope["method"] = "HEAD"
