"""HTTP out: checked addresses, no redirects, no proxies, short limits, and answers of bounded size."""

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpcore

from rencheng.response.delivery.outcome import GONE, Outcome, SendResult
from services.response.channels.addresses import AddressRefused, CheckedBackend, Network

CONNECT_S, REQUEST_S = 3.0, 15.0
"""The longest connection setup, and the longest request. Source: Standard Webhooks, 15 to 30 s."""

ANSWER_MAX = 8 * 1024
"""The bytes of an answer that are read."""

CONNECTIONS_MAX = 600
"""Open connections. One that hangs costs a file descriptor for 15 s, and delays no other."""

ENDPOINTS_MAX = 2000
"""Endpoints whose connections are kept; of more, those of the one used longest ago are closed."""

KEEPALIVE_S = 30.0

_LATER = frozenset({408, 425, 429})
_SUCCESS, _REDIRECT, _REFUSED, _ERROR = 200, 300, 400, 500


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer: status, fields in lower case, and the beginning of the body."""

    status: int
    fields: Mapping[str, str]
    body: bytes


class HttpClient:
    """Posts to endpoints that others chose.

    A list of connections for each endpoint is enough, because at most a few messages leave to one at a time. A pool of
    httpcore looks at all its connections for each request, and repeats a request that loses its connection to another.

    Args:
        networks: private networks that may be reached.
        allows_http: whether requests may be unencrypted.
        ca_file: further authorities.
    """

    def __init__(
        self, networks: Sequence[Network] = (), *, allows_http: bool = False, ca_file: Path | None = None
    ) -> None:
        self._allows_http = allows_http
        self._ssl_context = ssl.create_default_context()
        if ca_file is not None:
            self._ssl_context.load_verify_locations(cafile=ca_file)
        self._backend = CheckedBackend(networks)
        self._kept: OrderedDict[str, list[httpcore.AsyncHTTPConnection]] = OrderedDict()  # by endpoint, last used last

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer | SendResult:
        """Post a body. Return the answer; a result if there is none."""
        try:
            self._check_scheme(url)
            async with asyncio.timeout(REQUEST_S):
                return await self._request(url, body, headers)
        except (AddressRefused, httpcore.UnsupportedProtocol) as error:
            return SendResult(Outcome.NEVER, detail=str(error))
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            return SendResult(Outcome.LATER, detail=f"no connection: {str(error) or type(error).__name__}"[:200])
        except (TimeoutError, httpcore.TimeoutException):
            return SendResult(Outcome.DOUBTFUL, detail="no answer in time")
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            return SendResult(Outcome.DOUBTFUL, detail=f"the connection broke: {type(error).__name__}")
        except (ValueError, TypeError) as error:
            return SendResult(Outcome.NEVER, detail=f"the address cannot be used: {type(error).__name__}")

    def _check_scheme(self, url: str) -> None:
        scheme = urlsplit(url).scheme
        if scheme != "https" and not (scheme == "http" and self._allows_http):
            raise httpcore.UnsupportedProtocol("the address is not https; see RENCHENG_RESPONSE_HTTP")

    async def close(self) -> None:
        """Close all connections that are kept."""
        for kept in self._kept.values():
            for one in kept:
                await one.aclose()
        self._kept.clear()

    async def _request(self, url: str, body: bytes, headers: Mapping[str, str]) -> HttpAnswer:
        fields = [(b"Content-Length", str(len(body)).encode()), (b"User-Agent", b"Rencheng")]
        fields += [(name.encode(), value.encode()) for name, value in headers.items()]
        timeouts = {"connect": CONNECT_S, "read": REQUEST_S, "write": REQUEST_S}
        endpoint = urlsplit(url)._replace(query="", fragment="").geturl()
        connection = await self._take(endpoint) or self._new_connection(url)
        try:
            async with connection.stream(
                "POST", url, headers=fields, content=body, extensions={"timeout": timeouts}
            ) as answer:
                found = bytearray()
                async for chunk in answer.aiter_stream():
                    found += chunk
                    if len(found) > ANSWER_MAX:
                        break
                named = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in answer.headers}
                status = answer.status
        finally:
            await self._give_back(endpoint, connection)
        return HttpAnswer(status, named, bytes(found[:ANSWER_MAX]))

    def _new_connection(self, url: str) -> httpcore.AsyncHTTPConnection:
        return httpcore.AsyncHTTPConnection(
            httpcore.URL(url).origin,
            ssl_context=self._ssl_context,
            keepalive_expiry=KEEPALIVE_S,
            network_backend=self._backend,
        )

    async def _take(self, endpoint: str) -> httpcore.AsyncHTTPConnection | None:
        """Return a connection of an endpoint that is open and not in use; None without one."""
        kept = self._kept.get(endpoint, [])
        while kept:
            connection = kept.pop()
            if not connection.has_expired():
                return connection
            await connection.aclose()
        return None

    async def _give_back(self, endpoint: str, connection: httpcore.AsyncHTTPConnection) -> None:
        """Keep a connection for the next message, if it is in order."""
        if not connection.is_idle():
            await connection.aclose()
            return
        self._kept.setdefault(endpoint, []).append(connection)
        self._kept.move_to_end(endpoint)
        if len(self._kept) > ENDPOINTS_MAX:
            _, oldest = self._kept.popitem(last=False)
            for one in oldest:
                await one.aclose()


def result_of_status(answer: HttpAnswer) -> SendResult:
    """Return the result that a status means. Only 2xx is a success; a redirect is not followed."""
    status = answer.status
    if _SUCCESS <= status < _REDIRECT:
        return SendResult(Outcome.DELIVERED, status)
    wait_s = retry_after_s(answer)
    if status in _LATER or status >= _ERROR:
        return SendResult(Outcome.LATER, status, retry_after_s=wait_s, detail=f"status {status}")
    if _REDIRECT <= status < _REFUSED:
        return SendResult(
            Outcome.NEVER, status, detail=f"status {status}: redirects are not followed; set the new address"
        )
    if status == GONE:
        return SendResult(Outcome.NEVER, status, detail="status 410: the endpoint wants no more messages")
    if status < _SUCCESS:
        return SendResult(Outcome.LATER, status, detail=f"status {status}")
    return SendResult(Outcome.NEVER, status, detail=f"status {status}")


def retry_after_s(answer: HttpAnswer) -> float | None:
    """Return how long the receiver asks to wait; None if it does not, or not in seconds."""
    text = answer.fields.get("retry-after", "").strip()
    return float(text) if text.isdecimal() and len(text) < 8 else None  # noqa: PLR2004 - digits of four months
