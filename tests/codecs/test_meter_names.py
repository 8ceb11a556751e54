"""What distinguishes two values of a meter: phase, location and context."""

import json

import cbor2
import pytest

from rencheng.codecs.base import BadItem
from rencheng.codecs.registry import CODECS
from rencheng.domain.errors import RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.reading import MeterValue, Reading

TIME = "2026-07-20T16:05:00+08:00"
SECONDS = 1_784_534_700
METER = {"time": TIME, "connector_id": 1, "transaction_id": "T1", "measurand": "current_a"}


def decode(codec: str, payload: bytes) -> tuple[list[Reading], list[BadItem]]:
    return CODECS[codec].decode(Kind.CHARGING, "P1", payload)


def test_three_phases_of_one_time_are_three_values_in_every_format() -> None:
    phases = ["L1", "L2", "L3"]
    items = [METER | {"phase": phase, "value": 15.5} for phase in phases]
    records = [{"n": f"c1/tx/T1/{phase}/current", "u": "A", "v": 15.5, "t": SECONDS} for phase in phases]
    found = [
        decode("json", json.dumps(items).encode()),
        decode("cbor", cbor2.dumps(items)),
        decode("senml+json", json.dumps(records).encode()),
    ]

    assert found[0] == found[1] == found[2]
    assert [getattr(one, "measurand", "") for one in found[0][0]] == ["current_a/L1", "current_a/L2", "current_a/L3"]


def test_the_defaults_of_ocpp_are_the_same_value_as_none() -> None:
    given = METER | {"value": 1, "location": "Outlet", "context": "Sample.Periodic"}
    both = [decode("json", json.dumps(item).encode()) for item in (given, METER | {"value": 1})]

    assert both[0] == both[1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"phase": "L4", "value": 1},
        {"phase": "", "value": 1},
        {"location": "outlet", "value": 1},
        {"context": "Sample", "value": 1},
        {"phase": "L1", "measurand": "status", "status": "Charging"},
    ],
)
def test_an_unknown_phase_location_or_context_is_refused(wrong: dict[str, object]) -> None:
    for codec, payload in (("json", json.dumps(METER | wrong).encode()), ("cbor", cbor2.dumps(METER | wrong))):
        readings, bad = decode(codec, payload)
        assert (readings, [one.reason for one in bad]) == ([], [RejectionReason.INVALID])


def test_a_transaction_that_is_named_like_a_phase_is_a_transaction_in_senml() -> None:
    record = {"n": "c1/tx/L1/L2/current", "u": "A", "v": 15.5, "t": SECONDS}
    [value] = decode("senml+json", json.dumps([record]).encode())[0]

    assert isinstance(value, MeterValue)
    assert (value.transaction_id, value.measurand) == ("L1", "current_a/L2")
