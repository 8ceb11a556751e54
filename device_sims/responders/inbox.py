"""The loopback server at which simulated people get their messages: webhooks by person, and a gateway for SMS.

The gateway answers as Chinese providers do: HTTP 200, and a code in the body that may be an error.
"""

import json
import random
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

BUSY_SHARE = 0.1
"""The part of the SMS that the gateway refuses once with a code in a 200."""

OnMessage = Callable[[str, dict[str, Any]], None]
"""Receives who gets a message (the last part of a hook's address, or a number) and its document."""


class MessageServer:
    """Takes every message, and passes it on."""

    def __init__(self, on_message: OnMessage, dice: random.Random) -> None:
        self._on_message = on_message
        self._dice = dice
        self._refused: set[str] = set()
        inbox = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                answer = json.dumps(inbox.take(self.path, body)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Print nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="inbox", daemon=True)

    def __enter__(self) -> Self:
        """Start."""
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def hook(self, person_id: str) -> str:
        """Return the address of a person's webhook."""
        return f"{self._url}/hooks/{person_id}"

    @property
    def gateway_file(self) -> str:
        """The text of the file that describes the SMS gateway to the response service."""
        return (
            f'[sms]\nurl = "{self._url}/sms"\nbody = \'{{"to": "$phone", "content": "$text", "ref": "$id"}}\'\n'
            'code_field = "code"\ngood = ["0"]\nref_field = "ref"\n'
        )

    def take(self, path: str, body: dict[str, Any]) -> dict[str, str]:
        """Take one message. Return the answer of the server."""
        if path != "/sms":
            self._on_message(path.rpartition("/")[2], body["data"])
            return {}
        ref = str(body["ref"])
        if ref not in self._refused and self._dice.random() < BUSY_SHARE:
            self._refused.add(ref)
            return {"code": "isp.BUSY", "ref": ref}
        self._on_message(str(body["to"]), {"kind": "sms", "text": str(body["content"])})
        return {"code": "0", "ref": ref}

    @property
    def _url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"
