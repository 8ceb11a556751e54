import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.checks.clock import ClockLimits
from rencheng.codecs.base import BadItem
from rencheng.codecs.registry import CODECS
from rencheng.domain.device import Device, DeviceState
from rencheng.domain.errors import RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.message import ReceivedMessage
from rencheng.domain.reading import Reading
from rencheng.intake import WHOLE_MESSAGE, IntakeResult, admit
from tests.codecs.reading_strategies import json_values, near_payloads

NOW = datetime(2026, 7, 20, 8, tzinfo=UTC)
DIRECTORY = {
    "W": Device("W", Kind.WATERLOGGING, "370102", world="drill"),
    "S": Device("S", Kind.SIGNAL, "370102"),
    "P": Device("P", Kind.CHARGING, "370102"),
    "gone": Device("gone", Kind.SIGNAL, "370102", retired_at=NOW),
    "foreign": Device("foreign", Kind.WATERLOGGING, "370102", codec="morse"),
}


def admitted(topic: str, payload: bytes) -> IntakeResult:
    return admit(ReceivedMessage(topic, payload, NOW), DIRECTORY, ClockLimits())


def telemetry(device_id: str, kind: Kind = Kind.WATERLOGGING) -> str:
    return f"rencheng/v1/370102/{kind}/{device_id}/telemetry"


parts = st.sampled_from(
    ["rencheng", "v1", "370102", *Kind, *DIRECTORY, "nobody", "telemetry", "state", "command", ""]
) | st.text(max_size=4)
topics = (
    st.text()
    | st.lists(parts, max_size=8).map("/".join)
    | st.builds(
        lambda kind, name, channel: f"rencheng/v1/370102/{kind}/{name}/{channel}",
        st.sampled_from(Kind),
        st.sampled_from(sorted(DIRECTORY)),
        st.sampled_from(["telemetry", "state", "reply"]),
    )
)
near_now = st.timedeltas(timedelta(days=-31), timedelta(minutes=6)).map(lambda distance: (NOW + distance).isoformat())
samples = st.fixed_dictionaries({"time": near_now, "depth_mm": st.none() | st.floats(-2000, 20_000)})
bodies = json_values | st.lists(samples | near_payloads, max_size=6) | samples | st.just({"status": "offline"})
payloads = st.binary() | bodies.map(lambda body: json.dumps(body).encode())


@given(topics, payloads)
def test_no_message_raises_and_every_reading_is_counted_once(topic: str, payload: bytes) -> None:
    result = admitted(topic, payload)

    assert result.count == len(result.readings) + len(result.rejections)
    assert (result.count == 0) == (result.state is not None)
    if [refusal.position for refusal in result.rejections] != [WHOLE_MESSAGE]:
        assert_partition(result)


def assert_partition(result: IntakeResult) -> None:
    refused = [refusal.position for refusal in result.rejections]

    assert sorted([*result.positions, *refused]) == list(range(result.count))
    assert len(result.positions) == len(result.readings)


@given(st.lists(samples | near_payloads | json_values, min_size=1, max_size=8))
def test_each_reading_keeps_its_position(items: list[Any]) -> None:
    result = admitted(telemetry("W"), json.dumps(items).replace("NaN", "0").encode())

    if [refusal.position for refusal in result.rejections] != [WHOLE_MESSAGE]:
        assert result.count == len(items)
        assert_partition(result)
        for position, reading in zip(result.positions, result.readings, strict=True):
            assert datetime.fromisoformat(items[position]["time"]) == reading.time


def test_a_message_rejected_whole_counts_one_and_has_no_positions() -> None:
    result = admitted(telemetry("W"), b"broken")

    assert (result.count, list(result.positions), result.world) == (1, [], "drill")
    assert [(refusal.position, refusal.reason) for refusal in result.rejections] == [
        (WHOLE_MESSAGE, RejectionReason.UNDECODABLE)
    ]


def test_a_device_with_an_unknown_codec_is_rejected_and_stops_no_other() -> None:
    result = admitted(telemetry("foreign"), b"{}")

    assert [(refusal.reason, "morse" in refusal.detail) for refusal in result.rejections] == [
        (RejectionReason.UNDECODABLE, True)
    ]


class _Fuse:
    """A faulty codec, such as a plug-in might provide."""

    def decode(self, _kind: Kind, _device_id: str, payload: bytes) -> tuple[list[Reading], list[BadItem]]:
        return [], [BadItem(0, RejectionReason.INVALID, "short")] * (1 // len(payload) - 1)

    def encode(self, readings: Sequence[Reading]) -> bytes:
        return b"." * len(readings)


def test_a_failing_codec_rejects_its_own_message_and_no_keep_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CODECS, "morse", _Fuse())
    broken, alive = admitted(telemetry("foreign"), b""), admitted(telemetry("foreign"), b".")

    assert [refusal.reason for refusal in broken.rejections] == [RejectionReason.UNDECODABLE]
    assert "ZeroDivisionError" in broken.rejections[0].detail
    assert (alive.count, alive.state) == (0, DeviceState("foreign", online=True, received_at=NOW))


def test_wrong_clocks_are_named_by_position() -> None:
    times = [NOW, NOW - timedelta(days=31), NOW, NOW + timedelta(minutes=6)]
    items: list[object] = [{"time": time.isoformat(), "depth_mm": 1} for time in times]
    result = admitted(telemetry("W"), json.dumps([items[0], "bad", *items[1:]]).encode())

    assert list(result.positions) == [0, 3]
    assert {refusal.position: refusal.reason for refusal in result.rejections} == {
        1: RejectionReason.INVALID,
        2: RejectionReason.CLOCK_PAST,
        4: RejectionReason.CLOCK_FUTURE,
    }
