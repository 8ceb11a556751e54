"""Sites that are due at a moment. Deterministic: the caller passes the time of each world."""

import heapq
from datetime import datetime

LOOK_AGAIN_S = 600.0
"""How long a site that was due and had nothing to change is left alone."""


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

    def look_again(self, world: str, site_id: str, due_s: float | None, now: datetime) -> None:
        """Queue a site that was due and had nothing to change, for its next time or a while from now."""
        self.follow(world, site_id, None if due_s is None else max(due_s, now.timestamp() + LOOK_AGAIN_S))

    def __contains__(self, site_id: str) -> bool:
        """Return whether a site is queued."""
        return site_id in self._due_s

    def due(self, world: str, now: datetime) -> list[str]:
        """Return the sites that are due by now, each once, and forget them."""
        queue, now_s, found = self._queue.get(world), now.timestamp(), list[str]()
        while queue and queue[0][0] <= now_s:
            due_s, site_id = heapq.heappop(queue)
            if self._due_s.get(site_id) == due_s:
                del self._due_s[site_id]
                found.append(site_id)
        return found
