"""The API by HTTPS: a certificate of the platform's own authority, and its renewal without a restart."""

import socket
import ssl
import threading
from pathlib import Path

import httpx
import pytest

from commands.tls.authority import create_authority, issue
from rencheng.domain.errors import Misconfigured
from services.api.http.encryption import ServerCertificate, server_certificate
from tests.support.api import serving
from tests.support.polling import eventually

HOST = "127.0.0.1"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    create_authority(tmp_path)
    issue(tmp_path, "api", hosts=[HOST])
    return tmp_path


def test_with_a_certificate_the_api_answers_by_https_alone(database_url: str, folder: Path) -> None:
    trusted = ssl.create_default_context(cafile=folder / "ca.crt")
    certificate, key = folder / "api.crt", folder / "api.key"
    with serving(database_url, api_tls_certificate=certificate, api_tls_key=key) as plain:
        encrypted = plain.replace("http://", "https://")

        assert httpx.get(f"{encrypted}/v1/sites", verify=trusted).status_code == 401
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"{encrypted}/v1/sites")  # the system does not know the authority
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{plain}/v1/sites")


def test_a_renewed_certificate_is_loaded_without_a_restart(folder: Path) -> None:
    certificate = ServerCertificate(folder / "api.crt", folder / "api.key", look_every_s=0.05)
    certificate.start()
    before = served_certificate(certificate.context)
    issue(folder, "api", hosts=[HOST])

    eventually(lambda: served_certificate(certificate.context) != before)

    (folder / "api.crt").write_text("damaged")
    still = served_certificate(certificate.context)
    assert still != before
    certificate.stop()


@pytest.mark.parametrize("missing", ["api.crt", "api.key"])
def test_half_a_certificate_is_refused_at_the_start(folder: Path, missing: str) -> None:
    with pytest.raises(Misconfigured, match="set both"):
        server_certificate(folder / "api.crt", None)
    (folder / missing).unlink()
    with pytest.raises(Misconfigured, match=missing):
        server_certificate(folder / "api.crt", folder / "api.key")


def served_certificate(context: ssl.SSLContext) -> bytes | None:
    """Return the certificate that a new connection receives."""
    ours, theirs = socket.socketpair()
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE

    def serve() -> None:
        with context.wrap_socket(theirs, server_side=True) as wrapped:
            wrapped.recv(1)

    server = threading.Thread(target=serve)
    server.start()
    with unchecked.wrap_socket(ours) as wrapped:
        found = wrapped.getpeercert(binary_form=True)
        wrapped.sendall(b"x")
        server.join()
    return found
