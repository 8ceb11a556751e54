"""Replays many recordings together in event time, in slices.

A slice is published when its time has passed. The next one waits until the broker has acknowledged it, so that no
device is more than one slice ahead of another. While the broker is away, the replay waits.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from device_sims.errors import NotAcknowledged
from device_sims.puback_tracker import PublishCounts
from device_sims.replay.upload import Replay, Upload
from rencheng.domain.kind import Kind
from rencheng.domain.reading import Reading

SLICE_S = 20.0
ACK_TIMEOUT_S = 60.0
NAMED_AT_MOST = 3


class PlayedDevice(Protocol):
    """The part of a device that the player uses; `DeviceClient` is one."""

    @property
    def counts(self) -> PublishCounts:
        """What was published and acknowledged so far."""
        ...

    @property
    def waiting(self) -> int:
        """The number of messages without PUBACK."""
        ...

    @property
    def disconnect_reason(self) -> str | None:
        """Why the device is not connected; None if it is."""
        ...

    def publish(self, readings: Sequence[Reading]) -> None:
        """Send readings. Return at once."""
        ...

    def await_acknowledged(self, *, timeout_s: float) -> bool:
        """Wait until everything is acknowledged. Return False if it was not in time."""
        ...


@dataclass(frozen=True, slots=True)
class PlayProgress:
    """The progress of a replay. `event_now` is its current event time.

    Attributes:
        lag_s: delay behind the plan, seconds.
        slice_took_s: time from publishing the last slice to its last PUBACK.
    """

    begins_at: datetime
    event_now: datetime
    ends_at: datetime
    readings_published: int
    readings_acknowledged: int
    lag_s: float
    slice_took_s: float

    @property
    def completed_share(self) -> float:
        """The part of the replay that is done, 0 to 1."""
        return min(1.0, (self.event_now - self.begins_at) / (self.ends_at - self.begins_at))


@dataclass(frozen=True, slots=True)
class PlayResult:
    """The result of a replay. `is_complete` is False if it was stopped before its end."""

    begins_at: datetime
    event_now: datetime
    by_kind: dict[Kind, PublishCounts]
    wall_s: float
    is_complete: bool

    @property
    def total(self) -> PublishCounts:
        """The counts over all kinds."""
        return sum(self.by_kind.values(), PublishCounts())


class Player:
    """A player of recordings through devices that are connected already. It does not disconnect them."""

    def __init__(
        self,
        replays: Sequence[Replay],
        clients: Mapping[str, PlayedDevice],
        *,
        speed: float,
        slice_s: float = SLICE_S,
        ack_timeout_s: float = ACK_TIMEOUT_S,
        on_progress: Callable[[PlayProgress], None] = lambda _: None,
    ) -> None:
        """Merge the recordings by event time.

        Args:
            replays: the recordings; a device may have several.
            clients: the devices by name.
            speed: seconds of event time per second; the replay is never faster.
            slice_s: length of a slice, seconds of event time.
            ack_timeout_s: how long the broker may take to acknowledge a slice, seconds.
            on_progress: called after each slice, in the thread of `play`.

        Raises:
            ValueError: there is nothing to play, or a number is not above 0.
        """
        if min(speed, slice_s, ack_timeout_s) <= 0:
            raise ValueError("speed, slice_s and ack_timeout_s must be above 0")
        self._clients = {replay.device_id: clients[replay.device_id] for replay in replays}
        self._kinds = {replay.device_id: replay.kind for replay in replays}
        uploads = [(upload, replay.device_id) for replay in replays for upload in replay.uploads()]
        if not uploads:
            raise ValueError("there is nothing to play")
        self._uploads = sorted(uploads, key=lambda pair: pair[0].sent_at)
        self._slice = timedelta(seconds=slice_s)
        self._slice_wall_s = slice_s / speed
        self._ack_timeout_s = ack_timeout_s
        self._on_progress = on_progress
        self._stop = threading.Event()

    @property
    def begins_at(self) -> datetime:
        """Event time of the first upload."""
        return self._uploads[0][0].sent_at

    @property
    def ends_at(self) -> datetime:
        """Event time of the end of the last slice."""
        return self.begins_at + (self._number(self._uploads[-1][0]) + 1) * self._slice

    def stop(self) -> None:
        """End the replay after the current slice. Safe from any thread."""
        self._stop.set()

    def play(self) -> PlayResult:
        """Replay to the end, or until `stop`.

        Raises:
            NotAcknowledged: the broker took too long for a slice.
        """
        before = {device_id: client.counts for device_id, client in self._clients.items()}
        started = slice_started = time.monotonic()
        event_now = self.begins_at
        for number, uploads in self._slices():
            # after a delay slices keep their distance, so that the replay is never faster than `speed`
            if self._stop.wait(max(0.0, slice_started + self._slice_wall_s - time.monotonic())):
                break
            slice_started = time.monotonic()
            self._publish(uploads)
            self._await_acknowledged(uploads)
            event_now = self.begins_at + (number + 1) * self._slice
            lag_s = slice_started - started - (number + 1) * self._slice_wall_s
            self._report(before, event_now=event_now, lag_s=lag_s, took_s=time.monotonic() - slice_started)
        wall_s = time.monotonic() - started
        return PlayResult(
            self.begins_at, event_now, self._counts(before), wall_s, is_complete=event_now >= self.ends_at
        )

    def _number(self, upload: Upload) -> int:
        return (upload.sent_at - self.begins_at) // self._slice

    def _slices(self) -> Iterator[tuple[int, list[tuple[Upload, str]]]]:
        """Yield every slice with its number. Empty slices take their time as well."""
        full = itertools.groupby(self._uploads, key=lambda pair: self._number(pair[0]))
        expected = 0
        for number, uploads in full:
            yield from ((empty, []) for empty in range(expected, number))
            yield number, list(uploads)
            expected = number + 1

    def _publish(self, uploads: Sequence[tuple[Upload, str]]) -> None:
        for upload, device_id in uploads:
            self._clients[device_id].publish(upload.readings)

    def _await_acknowledged(self, uploads: Sequence[tuple[Upload, str]]) -> None:
        ends_at = time.monotonic() + self._ack_timeout_s
        for device_id in {device_id for _, device_id in uploads}:
            if not self._clients[device_id].await_acknowledged(timeout_s=max(0.0, ends_at - time.monotonic())):
                raise NotAcknowledged(self._unacknowledged())

    def _unacknowledged(self) -> str:
        waiting = {device_id: client for device_id, client in self._clients.items() if client.waiting}
        named = "; ".join(
            f"{device_id} waits for {client.waiting} ({client.disconnect_reason or 'connected'})"
            for device_id, client in itertools.islice(waiting.items(), NAMED_AT_MOST)
        )
        return (
            f"{len(waiting)} devices got no PUBACK within {self._ack_timeout_s:g} s: {named}. "
            "See the broker's log: it may be down or overloaded."
        )

    def _counts(self, before: Mapping[str, PublishCounts]) -> dict[Kind, PublishCounts]:
        by_kind: dict[Kind, PublishCounts] = {}
        for device_id, client in self._clients.items():
            kind = self._kinds[device_id]
            by_kind[kind] = by_kind.get(kind, PublishCounts()) + (client.counts - before[device_id])
        return by_kind

    def _report(self, before: Mapping[str, PublishCounts], *, event_now: datetime, lag_s: float, took_s: float) -> None:
        total = sum(self._counts(before).values(), PublishCounts())
        acknowledged = total.readings_acknowledged
        self._on_progress(
            PlayProgress(self.begins_at, event_now, self.ends_at, total.readings_published, acknowledged, lag_s, took_s)
        )
