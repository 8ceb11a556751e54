"""Limits and intervals of the live stream."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreamOptions:
    """Limits and intervals of the live stream. Tests pass small ones.

    Attributes:
        streams_max: the most streams at once.
        cached_messages: how many of the newest messages are kept in memory for all streams.
        streams_per_key: the most streams of one key.
        reserved: the part of all streams that only keys without a stream may take.
        page_messages: how many messages one query of the listener reads.
        catch_up_messages: how many older messages one query of a stream reads. An unread stream holds them in memory.
        catch_up_readers: how many streams read older messages at the same time.
        heartbeat_s: the longest silence of a stream, so that proxies keep it open and clients notice a dead connection.
        tick_s: how often a stream checks its key and its heartbeat without being woken.
        first_poll_wait_s: how long a new stream waits for the first poll of the database.
        poll_s: how often the listener polls. A lost NOTIFY delays a message by this at most.
        settling_poll_s: how often the listener polls while a transaction that may hold a lower id is open.
        key_check_s: how often the keys of open streams are checked. A revoked key ends its streams within this time.
        retry_s: how long to wait after the database was away.
    """

    streams_max: int = 200
    streams_per_key: int = 5
    reserved: float = 0.2
    cached_messages: int = 500
    page_messages: int = 200
    catch_up_messages: int = 20
    catch_up_readers: int = 4
    heartbeat_s: float = 15.0
    tick_s: float = 2.0
    first_poll_wait_s: float = 10.0
    poll_s: float = 1.0
    settling_poll_s: float = 0.2
    key_check_s: float = 2.0
    retry_s: float = 1.0
