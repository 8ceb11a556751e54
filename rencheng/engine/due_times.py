"""Sites that are due at a moment. Deterministic: the caller passes the time of each world."""

import heapq
from math import inf


class DueTimes:
    """A queue for each world of the sites that time alone may change."""

    def __init__(self) -> None:
        self._queue: dict[str, list[tuple[float, str]]] = {}
        self._due_s: dict[str, float] = {}

    def follow(self, world: str, site_id: str, due_s: float | None) -> None:
        """Queue a site for a moment, in place of any other; None: it is not due at all."""
        if due_s is None:
            self._due_s.pop(site_id, None)
        elif self._due_s.get(site_id) != due_s:
            self._due_s[site_id] = due_s
            heapq.heappush(self._queue.setdefault(world, []), (due_s, site_id))

    def __contains__(self, site_id: str) -> bool:
        """Return whether a site is queued."""
        return site_id in self._due_s

    def first_s(self, world: str) -> float:
        """Return a moment before which no site is due; infinity if none is."""
        queue = self._queue.get(world)
        return queue[0][0] if queue else inf

    def pop_before(self, world: str, time_s: float) -> tuple[float, str] | None:
        """Return the first site that is due before a moment, with the time when it is due, and forget it."""
        queue = self._queue.get(world)
        while queue and queue[0][0] < time_s:
            due_s, site_id = heapq.heappop(queue)
            if self._due_s.get(site_id) == due_s:
                del self._due_s[site_id]
                return due_s, site_id
        return None
