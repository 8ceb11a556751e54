"""The cookie of a session, and the check that a changing request comes from our own pages (CSRF)."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.requests import cookie_parser
from starlette.responses import Response

from services.api.http.errors import CrossSiteRequest

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

OWN_REQUEST = "x-requested-with"
"""A field that a page of another site cannot add without our consent (CORS), which is never given."""


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """How the cookie of a session is written and read.

    Scripts cannot read it (HttpOnly), and other sites' pages do not send it (SameSite).

    Attributes:
        public_url: the address of the API. With https the cookie is sent by https alone, and no other host can set it.
    """

    public_url: str

    @property
    def is_secure(self) -> bool:
        """Whether the API is reached by https."""
        return self.public_url.startswith("https:")

    @property
    def name(self) -> str:
        """The name of the cookie. Browsers accept the prefix only of the host itself, by https."""
        return self.named("rencheng_session")

    def named(self, name: str) -> str:
        """Return the name of a cookie of this host."""
        return f"__Host-{name}" if self.is_secure else name

    def read(self, headers: Mapping[str, str]) -> str:
        """Return the token of a request; empty without one."""
        return cookie_parser(headers.get("cookie", "")).get(self.name, "")

    def write(self, response: Response, token: str, lasts_s: int) -> None:
        """Add the cookie to a response."""
        response.set_cookie(self.name, token, max_age=lasts_s, secure=self.is_secure, httponly=True, samesite="strict")

    def clear(self, response: Response) -> None:
        """Remove the cookie from the browser."""
        response.delete_cookie(self.name, secure=self.is_secure, httponly=True, samesite="strict")

    def check_origin(self, headers: Mapping[str, str]) -> None:
        """Check that a changing request comes from a page of this host.

        Raises:
            CrossSiteRequest: it does not.
        """
        origin = headers.get("origin", "")
        is_ours = origin == _origin_of(self.public_url) or urlsplit(origin).netloc == headers.get("host", "-")
        if not origin or not is_ours or not headers.get(OWN_REQUEST):
            raise CrossSiteRequest(
                "A changing request of a session must come from this host's own pages, with its `Origin` and with the"
                " field `X-Requested-With: rencheng`. Programs use a key."
            )


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
