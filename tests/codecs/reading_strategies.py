"""Readings of all three kinds, as any device might send them."""

from datetime import UTC, datetime, timedelta, timezone

from hypothesis import strategies as st

from rencheng.domain.kind import Kind
from rencheng.domain.meter import MeterContext, MeterLocation, Phase, sampled_name
from rencheng.domain.quality import Quality
from rencheng.domain.reading import Measurand, MeterValue, Reading, SignalEvent, WaterReading

DEVICE = "device-1"

offsets = st.integers(-23 * 60 - 59, 23 * 60 + 59).map(lambda minutes: timezone(timedelta(minutes=minutes)))
# a day from both ends, so that every time can be written in every offset
times = st.builds(
    lambda time, offset: time.replace(tzinfo=UTC).astimezone(offset),
    st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30, 23, 59, 59, 999_999)),  # noqa: DTZ001 - made aware above
    offsets,
)
numbers = st.floats(-1e9, 1e9)
words = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=64)
maybe_number = st.none() | numbers

_amount = st.floats(0, 1e9)


@st.composite
def water_readings(draw: st.DrawFn) -> WaterReading:
    depth_mm = draw(maybe_number)
    rain_mm = draw(st.none() | _amount)
    is_missing = depth_mm is None and (rain_mm is None or draw(st.booleans()))
    return WaterReading(
        device_id=DEVICE,
        channel=draw(st.integers(0, 2**15 - 1)),
        time=draw(times),
        depth_mm=depth_mm,
        rain_mm=rain_mm,
        raw_distance_mm=draw(maybe_number),
        mode=draw(st.sampled_from([None, "normal", "alarm"])),
        battery_v=draw(maybe_number),
        rssi_dbm=draw(maybe_number),
        snr_db=draw(maybe_number),
        tilt_deg=draw(st.none() | st.floats(0, 180)),
        temperature_c=draw(maybe_number),
        sequence=draw(st.none() | st.integers(0, 2**63 - 1)),
        error_flags=draw(st.none() | st.integers(0, 2**31 - 1)),
        quality=Quality.MISSING if is_missing else Quality.NOTHING_FOUND,
    )


signal_events = st.builds(
    SignalEvent, st.just(DEVICE), times, event_id=st.integers(0, 2**15 - 1), parameter=st.integers(0, 2**31 - 1)
)

_connectors = st.integers(0, 2**15 - 1)
_sampled = st.builds(
    sampled_name,
    st.sampled_from([measurand for measurand in Measurand if measurand is not Measurand.STATUS]),
    st.none() | st.sampled_from(Phase),
    st.none() | st.sampled_from(MeterLocation),
    st.none() | st.sampled_from(MeterContext),
)
_values = st.builds(MeterValue, st.just(DEVICE), _connectors, words, times, _sampled, value=numbers)
_states = st.builds(
    MeterValue,
    st.just(DEVICE),
    _connectors,
    words,
    times,
    st.just(Measurand.STATUS),
    status=words,
    error_code=st.none() | words,
)
meter_values = _values | _states

BY_KIND: dict[Kind, st.SearchStrategy[Reading]] = {
    Kind.WATERLOGGING: water_readings(),
    Kind.SIGNAL: signal_events,
    Kind.CHARGING: meter_values,
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
field_names = st.sampled_from(
    [
        "time",
        "depth_mm",
        "rain_mm",
        "channel",
        "event_id",
        "parameter",
        "connector_id",
        "measurand",
        "value",
        "status",
        "phase",
    ]
)
near_payloads = st.dictionaries(field_names, json_values | times.map(datetime.isoformat), max_size=6)
