"""A small certificate authority: EC P-256 keys in a folder that only its owner may read."""

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rencheng.domain.errors import NotPossible

AUTHORITY = "ca"
AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 397
"""The longest life that common clients accept of a server's certificate. Source: CA/Browser Forum, SC-22."""

CLOCK_MARGIN = timedelta(hours=1)
"""Certificates are valid from an hour ago on, because clocks of devices are slow."""


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """The files of a certificate and its private key."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class CertificateSummary:
    """A certificate in the folder: its name, the hosts that it names, and its end."""

    name: str
    hosts: tuple[str, ...]
    ends_at: datetime


def files_of(folder: Path, name: str) -> CertificateFiles:
    """Return the paths of a certificate."""
    return CertificateFiles(folder / f"{name}.crt", folder / f"{name}.key")


def create_authority(folder: Path, *, days: int = AUTHORITY_DAYS) -> CertificateFiles:
    """Create the authority's key and certificate.

    Raises:
        NotPossible: the folder has an authority already, or cannot be written.
    """
    files = files_of(folder, AUTHORITY)
    if files.key.exists():
        raise NotPossible(f"{files.key} exists; certificates of another authority would not be accepted any more")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Rencheng CA")])
    builder = (
        _builder(name, name, key.public_key(), days)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(is_authority=True), critical=True)
    )
    _write(files, builder.sign(key, hashes.SHA256()), key)
    return files


def issue(
    folder: Path, name: str, *, hosts: Sequence[str], is_client: bool = False, days: int = CERTIFICATE_DAYS
) -> CertificateFiles:
    """Issue a certificate with a new key, in place of one of the same name.

    Args:
        folder: the authority's.
        name: of the files, and the common name, which is a device's user name if the broker asks for certificates.
        hosts: names and IP addresses of a server.
        is_client: whether it is for a client instead of a server.
        days: its life.

    Raises:
        NotPossible: there is no authority, a name is invalid, or the folder cannot be written.
    """
    authority = files_of(folder, AUTHORITY)
    if name == AUTHORITY:
        raise NotPossible(f"{name!r} is the authority's own name; choose another")
    try:
        issuer = x509.load_pem_x509_certificate(authority.certificate.read_bytes())
        issuer_key = serialization.load_pem_private_key(authority.key.read_bytes(), password=None)
    except OSError:
        raise NotPossible(f"no readable authority in {folder}; create one with `rencheng tls init`") from None
    if not isinstance(issuer_key, ec.EllipticCurvePrivateKey):
        raise NotPossible(f"{authority.key} is not a key of `rencheng tls init`")
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = ExtendedKeyUsageOID.CLIENT_AUTH if is_client else ExtendedKeyUsageOID.SERVER_AUTH
    builder = (
        _builder(subject, issuer.subject, key.public_key(), days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_key_usage(is_authority=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([_host(one) for one in hosts]), critical=False)
    files = files_of(folder, name)
    _write(files, builder.sign(issuer_key, hashes.SHA256()), key)
    return files


def certificates(folder: Path) -> list[CertificateSummary]:
    """Return the certificates in a folder, the first to end first."""
    found = []
    for path in folder.glob("*.crt"):
        one = x509.load_pem_x509_certificate(path.read_bytes())
        found.append(CertificateSummary(path.stem, _hosts(one), one.not_valid_after_utc))
    return sorted(found, key=lambda each: each.ends_at)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_MARGIN)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _host(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        pass
    try:
        return x509.DNSName(text.encode("idna").decode())
    except (UnicodeError, ValueError):
        raise NotPossible(f"{text!r} is neither a host name nor an IP address") from None


def _hosts(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(name.value) for name in names)


def _write(files: CertificateFiles, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    """Write both files, each at once, so that a server that reads them now sees whole ones."""
    encoded = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _replace(files.key, encoded, mode=0o600)
    _replace(files.certificate, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)


def _replace(path: Path, data: bytes, *, mode: int) -> None:
    new = path.with_name(path.name + ".new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        new.unlink(missing_ok=True)
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as out:
            out.write(data)
        new.replace(path)
    except OSError as error:
        raise NotPossible(f"{path} cannot be written: {error.strerror}") from None
