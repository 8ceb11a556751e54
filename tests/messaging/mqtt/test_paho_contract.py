"""The private names of paho that `BatchingClient` overrides or calls. A new paho must have them, used alike.

If this fails after an update of paho, adapt `BatchingClient`, or set RENCHENG_MQTT_BATCHING=false until it is adapted.
"""

import inspect
import re
from importlib.metadata import version
from pathlib import Path

import pytest
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from rencheng.messaging.mqtt.batching_client import BatchingClient

OVERRIDDEN = {"loop_read": ["self", "max_packets"], "reconnect": ["self"], "_sock_recv": ["self", "bufsize"]}
CALLED = {
    "_packet_queue": ["self", "command", "packet", "mid", "qos", "info"],
    "_packet_read": ["self"],
    "_loop_rc_handle": ["self", "rc"],
    "_easy_log": ["self", "level", "fmt", "args"],
}
FIELDS = {"_in_packet", "_msgtime_mutex", "_last_bytes_received", "_sock"}


def test_every_private_name_that_is_used_is_listed_here() -> None:
    source = Path(inspect.getfile(BatchingClient)).read_text(encoding="utf-8")
    own = {"_on_publishes", "_buffer", "_read_buffer", "_pass_on"}
    used = set(re.findall(r"(?:self|super\(\))\.(_[a-z]\w*)", source)) - own

    assert used == {*CALLED, *FIELDS, "_sock_recv"}


@pytest.mark.parametrize(("name", "parameters"), (OVERRIDDEN | CALLED).items())
def test_paho_has_the_method_with_these_parameters(name: str, parameters: list[str]) -> None:
    assert list(inspect.signature(getattr(Client, name)).parameters) == parameters


def test_a_new_client_has_the_fields_and_no_packet_half_read() -> None:
    client = Client(CallbackAPIVersion.VERSION2)

    assert vars(client).keys() >= FIELDS
    assert client._in_packet["command"] == 0
    assert client._sock is None


def test_paho_reads_from_the_socket_by_the_overridden_method_alone() -> None:
    assert "self._sock_recv(" in inspect.getsource(Client._packet_read)
    assert ".recv(" not in inspect.getsource(Client._packet_read)


def test_the_version_is_pinned() -> None:
    runtime = Path("requirements/runtime.in").read_text(encoding="utf-8").splitlines()

    assert f"paho-mqtt=={version('paho-mqtt')}" in runtime
