"""PUBLISH packets decoded in batches, compared with paho's own decoder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from paho.mqtt import _packet
from paho.mqtt.enums import MQTTProtocolVersion

from rencheng.messaging.mqtt.packets import (
    PacketBatch,
    Publish,
    as_duplicate,
    length_prefixed,
    pubacks,
    publish_packet,
    read_publishes,
    take_replies,
)

OTHER = b"\xd0\x00"  # PINGRESP


def written(message: Publish, *, dup: bool = False, retain: bool = False) -> bytes:
    """Return the packet as MQTT 3.1.1 specifies it."""
    name = message.topic.encode()
    number = message.packet_id.to_bytes(2) if message.packet_id else b""
    body = len(name).to_bytes(2) + name + number + message.payload
    head, size = 0x30 | 8 * dup | 2 * bool(message.packet_id) | retain, len(body)
    length = bytearray()
    while size > 127:
        length.append(size & 127 | 128)
        size >>= 7
    return bytes([head, *length, size]) + body


messages = st.builds(
    Publish,
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=30),
    st.binary(max_size=40) | st.binary(min_size=120, max_size=140) | st.just(b"x" * 20_000),
    st.integers(0, 65_535),
)


@given(st.lists(messages, max_size=5), st.booleans(), st.booleans(), st.sampled_from([b"", OTHER]))
def test_whole_packets_are_decoded_as_they_were_encoded(
    sent: list[Publish], dup: bool, retain: bool, after: bytes
) -> None:
    data = b"".join(written(message, dup=dup, retain=retain) for message in sent)

    assert read_publishes(data + after) == PacketBatch(sent, len(data), is_cut=False)


@given(st.lists(messages, min_size=1, max_size=3), st.data())
def test_data_cut_anywhere_loses_and_adds_nothing(sent: list[Publish], draw: st.DataObject) -> None:
    data = b"".join(map(written, sent))
    cut = draw.draw(st.integers(0, len(data)))
    first = read_publishes(data[:cut])
    second = read_publishes(data[first.used :])

    assert first.publishes + second.publishes == sent
    assert first.is_cut is (first.used < cut)
    assert second.used == len(data) - first.used


@given(st.binary(max_size=60))
def test_any_bytes_are_decoded_or_left(data: bytes) -> None:
    batch = read_publishes(data)

    assert 0 <= batch.used <= len(data)
    assert not batch.is_cut or data[batch.used] & 0xF4 == 0x30


@given(messages)
def test_paho_decodes_alike(message: Publish) -> None:
    data = written(message)
    at = next(place for place in range(1, 5) if data[place] < 128) + 1
    read = _packet.decode_publish(data[0], bytearray(data[at:]), MQTTProtocolVersion.MQTTv311)

    assert read_publishes(data).publishes == [(read.topic.decode(), read.payload, read.mid)]


def test_malformed_packets_and_qos_2_are_left_to_paho() -> None:
    too_long = b"\x30\xff\xff\xff\xff\xff\x01"
    topic_beyond_its_packet = b"\x32\x04\x00\x09ab" + OTHER
    qos_2 = b"\x34\x06\x00\x01t\x00\x01x"

    assert [read_publishes(data) for data in (too_long, topic_beyond_its_packet, qos_2)] == [
        PacketBatch([], 0, False)
    ] * 3


def test_pubacks_are_written_in_the_order_given() -> None:
    assert pubacks([1, 65_535, 258]).hex() == "40020001" + "4002ffff" + "40020102"
    assert pubacks([]) == b""


@given(messages.filter(lambda message: message.packet_id))
def test_a_publish_packet_is_written_as_it_is_read(message: Publish) -> None:
    packet = publish_packet(length_prefixed(message.topic), message.payload, message.packet_id)

    assert packet == written(message)
    assert as_duplicate(packet) == written(message, dup=True)


def test_replies_to_a_publisher_are_taken_whole_and_in_order() -> None:
    buffer = bytearray(bytes.fromhex("20020005") + pubacks([7, 258]) + b"\x40\x02")

    assert take_replies(buffer) == ([7, 258], 5)
    assert buffer == b"\x40\x02"
    with pytest.raises(ValueError, match="0x90"):
        take_replies(bytearray(b"\x90\x03\x00\x01"))
