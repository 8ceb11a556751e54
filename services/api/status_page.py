"""The page for people: at `/` the city at a glance, at `/warnings/{id}` opened on one warning, as CAP's `web` links to.

Three files without a build. They hold no data: what they show they fetch with the key that their reader gives them.
"""

from pathlib import Path as FilePath

from fastapi import APIRouter, Response

from services.api.deps import WarningId

router = APIRouter(include_in_schema=False)

FOLDER = FilePath(__file__).parent / "static"

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:;"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def _file(name: str, media_type: str) -> Response:
    # read each time: they are small, and whoever works on them sees at once what changed
    text = (FOLDER / name).read_text(encoding="utf-8")
    return Response(text, media_type=media_type, headers={"content-security-policy": _POLICY})


@router.get("/")
def show_status() -> Response:
    """The city."""
    return _file("status.html", "text/html")


@router.get("/warnings/{warning_id}")
def show_warning(warning_id: WarningId) -> Response:  # noqa: ARG001 - the page reads it from its own address
    """One warning, above the city."""
    return _file("status.html", "text/html")


@router.get("/static/status.css")
def get_style() -> Response:
    """How it looks."""
    return _file("status.css", "text/css")


@router.get("/static/status.js")
def get_script() -> Response:
    """What it does."""
    return _file("status.js", "text/javascript")
