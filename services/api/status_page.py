"""The status page: the city at `/`, one warning at `/warnings/{id}` (the address in the `web` element of CAP messages).

The page is three static files without a build step. They hold no data: the script fetches it with the reader's key.
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
    # read on each request, because the files are small and a developer sees changes at once
    text = (FOLDER / name).read_text(encoding="utf-8")
    return Response(text, media_type=media_type, headers={"content-security-policy": _POLICY})


@router.get("/")
def show_status() -> Response:
    """Return the page that shows the city."""
    return _file("status.html", "text/html")


@router.get("/warnings/{warning_id}")
def show_warning(warning_id: WarningId) -> Response:  # noqa: ARG001 - the script reads it from the address
    """Return the page that shows one warning above the city."""
    return _file("status.html", "text/html")


@router.get("/static/status.css")
def get_style() -> Response:
    """Return the style sheet."""
    return _file("status.css", "text/css")


@router.get("/static/status.js")
def get_script() -> Response:
    """Return the script."""
    return _file("status.js", "text/javascript")
