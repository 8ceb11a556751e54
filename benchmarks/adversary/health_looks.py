"""Health is asked every second. What it answers must be true."""

import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus

import httpx

LOOK_EVERY_S = 1.0
ANSWER_WITHIN_S = 5.0


@dataclass(slots=True)
class HealthReport:
    """Answers of `/health`: their number, the slowest in seconds, and those that were not ok, with the second."""

    looks: int = 0
    slowest_s: float = 0.0
    not_ok: list[tuple[float, str]] = field(default_factory=list)


class HealthLooks:
    """A thread that asks for the health every second until it is stopped.

    Args:
        api: host and port of the API.
    """

    def __init__(self, api: tuple[str, int]) -> None:
        self.report = HealthReport()
        self._url = f"http://{api[0]}:{api[1]}/health"
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Start to ask."""
        self._thread.start()

    def stop(self) -> HealthReport:
        """Stop, and return what was answered."""
        self._stop.set()
        self._thread.join()
        return self.report

    def _run(self) -> None:
        began_s = time.monotonic()
        while not self._stop.wait(LOOK_EVERY_S):
            asked_s = time.monotonic()
            answer = self._ask()
            self.report.looks += 1
            self.report.slowest_s = max(self.report.slowest_s, time.monotonic() - asked_s)
            if answer:
                self.report.not_ok.append((asked_s - began_s, answer))

    def _ask(self) -> str:
        """Return what was not ok; empty if all was."""
        try:
            answer = httpx.get(self._url, timeout=ANSWER_WITHIN_S)
        except httpx.HTTPError as error:
            return type(error).__name__
        return "" if answer.status_code == HTTPStatus.OK else f"{answer.status_code} {answer.text[:300]}"
