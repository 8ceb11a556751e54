"""Try at a live broker what an attacker with one device's account would, and report what the broker lets pass.

The operator's account acts as the device: the access rules of devices hold for every account, with its user name in
place of the device's name. Nothing is retained, and no reading is published.
"""

import re
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from ssl import SSLContext, cert_time_to_seconds

from paho.mqtt.client import Client, ConnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from rencheng.domain.errors import NotPossible
from rencheng.domain.topic import ROOT

Account = tuple[str, str]

WAIT_S = 10.0
QUIET_S = 1.0
"""How long a forbidden message may take to arrive, or a connection to be cut."""

OVERSIZE_BYTES = 400_000
"""More than the largest packet that deploy/mosquitto/rencheng.conf accepts."""

_OVERSIZE = re.compile(r"Client (\S+) (?:\[\S+\] )?disconnected due to oversize packet")

_OWN_PREFIX = "doctor-"
"""The client ids of the probe itself."""

GUESSABLE_IDS = ("rencheng-ingest-0", "rencheng-alerts", "rencheng-alerts-nearby")
"""Client ids of earlier releases, which every account could take over."""


@dataclass(frozen=True, slots=True)
class AccessProbeResult:
    """What the broker let pass. Everything is empty or False at a broker that is set up as ours.

    Attributes:
        anonymous: a connection without an account.
        wrong_password: a connection with a wrong password.
        forged: topics on which a device's message arrived although they are not its own.
        oversize: a packet of 400,000 bytes.
        guessable: sessions with a client id that anyone can name.
    """

    anonymous: bool
    wrong_password: bool
    forged: tuple[str, ...]
    oversize: bool
    guessable: tuple[str, ...]


def probe_access(
    address: tuple[str, int], *, tls: SSLContext | None, ingest: Account, operator: Account
) -> AccessProbeResult:
    """Try it, in about ten seconds.

    Raises:
        NotPossible: the broker cannot be reached, or refuses an account.
    """
    user = operator[0]
    strange = f"doctor-{secrets.token_hex(4)}"
    forbidden = (
        f"{ROOT}/000000/waterlogging/{strange}/reply",
        f"{ROOT}/000000/waterlogging/{user}/command",
        f"{ROOT}/000000/warning/{strange}",
        f"{ROOT}/000000/warning/{user}/reply",
        f"{ROOT}/notice/no_data/{user}/reply",
        f"{ROOT}/notice/waterlogging/{user}/reply",
        f"{ROOT}/service/waterlogging/{user}/reply",
    )
    probe = _Probe(address, tls)
    with probe.connected(operator) as reader:
        arrived: set[str] = set()
        reader.on_message = lambda _c, _d, message: arrived.add(message.topic)
        subscribed = threading.Event()
        reader.on_subscribe = lambda *_: subscribed.set()
        reader.subscribe(f"{ROOT}/#", qos=0)
        if not subscribed.wait(WAIT_S):
            raise NotPossible("the broker does not confirm a subscription of the operator's account")
        for topic in forbidden:
            probe.publish(operator, topic, b"doctor")
        time.sleep(QUIET_S)
        forged = tuple(topic for topic in forbidden if topic in arrived)
    return AccessProbeResult(
        anonymous=probe.accepts(None),
        wrong_password=probe.accepts((user, secrets.token_hex(8))),
        forged=forged,
        oversize=probe.publish(operator, f"{ROOT}/000000/waterlogging/{user}/reply", b" " * OVERSIZE_BYTES),
        guessable=tuple(one for one in GUESSABLE_IDS if probe.has_session(ingest, one)),
    )


def binds_account(address: tuple[str, int], *, tls: SSLContext | None, account: Account) -> bool:
    """Return whether a listener has one session for each account, whatever client ids it names."""
    probe = _Probe(address, tls)
    with probe.connected(account) as first:
        cut = threading.Event()
        first.on_disconnect = lambda *_: cut.set()
        with probe.connected(account):
            return cut.wait(QUIET_S)


def certificate_end(address: tuple[str, int], tls: SSLContext) -> datetime:
    """Return when the certificate of a listener ends.

    Raises:
        NotPossible: the listener cannot be reached, or its certificate is not valid for this host.
    """
    try:
        with (
            socket.create_connection(address, WAIT_S) as plain,
            tls.wrap_socket(plain, server_hostname=address[0]) as connection,
        ):
            certificate = connection.getpeercert() or {}
    except OSError as error:
        raise NotPossible(f"the broker at {address[0]}:{address[1]}: {error}; see docs/how-to/encrypt.md") from error
    return datetime.fromtimestamp(cert_time_to_seconds(str(certificate["notAfter"])), UTC)


def oversize_clients(log: str) -> list[str]:
    """Return the clients that Mosquitto's log names as disconnected for the size of their packets."""
    return sorted({name for name in _OVERSIZE.findall(log) if not name.startswith(_OWN_PREFIX)})


class _Probe:
    """Short connections to one listener."""

    def __init__(self, address: tuple[str, int], tls: SSLContext | None) -> None:
        self._address = address
        self._tls = tls
        self._flags: ConnectFlags | None = None

    @contextmanager
    def connected(self, account: Account | None, *, client_id: str = "", clean: bool = True) -> Iterator[Client]:
        """Yield a connection with an account, or without one.

        Raises:
            NotPossible: the broker refuses it or does not answer.
        """
        replies: list[ReasonCode] = []
        replied = threading.Event()

        def answered(_c: Client, _d: object, flags: ConnectFlags, reason: ReasonCode, _p: Properties | None) -> None:
            self._flags = flags
            replies.append(reason)
            replied.set()

        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id or f"{_OWN_PREFIX}{secrets.token_hex(8)}",
            clean_session=clean,
            protocol=MQTTProtocolVersion.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
        )
        if account is not None:
            client.username_pw_set(*account)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        client.on_connect = answered
        try:
            client.connect(*self._address)
        except OSError as error:
            raise NotPossible(
                f"the broker at {self._address[0]}:{self._address[1]} does not answer: {error}"
            ) from error
        client.loop_start()
        try:
            if not replied.wait(WAIT_S) or replies[0].is_failure:
                raise NotPossible(f"the broker refuses the connection: {replies[0] if replies else 'no answer'}")
            yield client
        finally:
            client.disconnect()
            client.loop_stop()

    def accepts(self, account: Account | None) -> bool:
        """Return whether the broker accepts the account."""
        try:
            with self.connected(account):
                return True
        except NotPossible:
            return False

    def publish(self, account: Account, topic: str, payload: bytes) -> bool:
        """Publish one message, and return whether the broker acknowledged it and kept the connection."""
        with self.connected(account) as client:
            sent = client.publish(topic, payload, qos=1)
            until = time.monotonic() + QUIET_S
            while sent.rc is MQTTErrorCode.MQTT_ERR_SUCCESS and time.monotonic() < until:
                if not client.is_connected():
                    return False
                if sent.is_published():
                    return True
                time.sleep(QUIET_S / 100)
            return False

    def has_session(self, account: Account, client_id: str) -> bool:
        """Return whether a client id has a session. One that this question creates is ended again."""
        with self.connected(account, client_id=client_id, clean=False):
            is_present = self._flags is not None and self._flags.session_present
        if not is_present:
            with self.connected(account, client_id=client_id):
                pass
        return is_present
