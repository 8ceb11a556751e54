"""What formats with named fields share: the models, the greatest length, and the text of a finding."""

from collections.abc import Sequence
from dataclasses import fields

from pydantic import ValidationError

from rencheng.codecs.payloads import ChargingPayload, SignalPayload, WaterPayload
from rencheng.domain.errors import Rejected, RejectionReason
from rencheng.domain.kind import Kind
from rencheng.domain.meter import sampled_value
from rencheng.domain.quality import Quality
from rencheng.domain.reading import MeterValue, Reading

READINGS_MAX = 1000
"""The most readings of one message, each with all fields. A longer upload takes several messages."""

PAYLOAD_BYTES_MAX = 327_000
"""The largest payload, bytes. The broker disconnects a client that sends a packet of more than 327,680 bytes with its
topic (`max_packet_size` in deploy/mosquitto/rencheng.conf)."""

MODELS: dict[Kind, type[WaterPayload] | type[SignalPayload] | type[ChargingPayload]] = {
    Kind.WATERLOGGING: WaterPayload,
    Kind.SIGNAL: SignalPayload,
    Kind.CHARGING: ChargingPayload,
}


def check_length(items: Sequence[object]) -> None:
    """Reject a message without readings, or with too many.

    Raises:
        Rejected: with reason `undecodable`.
    """
    if not items:
        raise Rejected(RejectionReason.UNDECODABLE, "an array without readings")
    if len(items) > READINGS_MAX:
        raise Rejected(RejectionReason.UNDECODABLE, f"{len(items)} readings in one message; at most {READINGS_MAX}")


def explain(error: ValidationError) -> str:
    """Return the first three findings as `field: what is wrong`."""
    findings = [
        f"{'.'.join(str(step) for step in finding['loc']) or 'payload'}: {finding['msg'].removeprefix('Value error, ')}"
        for finding in error.errors(include_url=False, include_input=False)[:3]
    ]
    return "; ".join(findings)


def as_item(reading: Reading) -> dict[str, object]:
    """Return the fields of a reading that are set, by their names."""
    item: dict[str, object] = {}
    for field in fields(reading):
        value = getattr(reading, field.name)
        if value is not None and field.name not in {"device_id", "quality"}:
            item[field.name] = value
    if isinstance(reading, MeterValue):
        item |= {name: part for name, part in sampled_value(reading.measurand)._asdict().items() if part is not None}
    if Quality.MISSING in reading.quality:
        item["depth_mm"] = None
    return item
