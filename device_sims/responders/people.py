"""Simulated people at work: they answer calls, do tasks, approve proposals and sign, as real ones can."""

import heapq
import itertools
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import httpx

from device_sims.responders.habits import Responder
from device_sims.responders.inbox import MessageServer
from device_sims.responders.report_form import photo, tasks_on

LOOK_EVERY_S = 1.0
"""How often people look at the list of tasks that are to be signed, seconds."""

SIGNERS_AT_ONCE = 2
"""How many people try to sign a task after each look; who did it, or has no role for it, is refused."""

REQUESTS_AT_ONCE = 6
"""How many people use the API at the same time."""

REQUEST_TIMEOUT_S = 10.0

_CODE = re.compile(r"编号(\d{4})")
_TASK_LINK = re.compile(r"https?://\S*?/tasks/[\w-]+")


class SimulatedPeople:
    """Acts for all simulated people in one thread. As a context it works until its end.

    Args:
        responders: the people.
        speed: seconds of the storm per second; delays are shorter by it.
        seed: of the gateway's errors.
    """

    def __init__(self, responders: Iterable[Responder], *, speed: float, seed: int) -> None:
        self.inbox = MessageServer(self._take, random.Random(seed))  # noqa: S311 - simulated errors
        self._responders = {each.person_id: each for each in responders}
        self._by_number = {each.number: each for each in self._responders.values() if each.number}
        self._speed = speed
        self._api: httpx.Client | None = None
        self._keys: Mapping[str, str] = {}
        self._gateway_key = self._world = ""
        self._due: list[tuple[float, int, Callable[[httpx.Client], None]]] = []
        self._count = itertools.count()
        self._tries: Counter[int] = Counter()
        self._pool = ThreadPoolExecutor(REQUESTS_AT_ONCE, thread_name_prefix="people")
        self._lock = threading.Condition()
        self._is_over = False
        self._thread = threading.Thread(target=self._work, name="people", daemon=True)

    def __enter__(self) -> Self:
        """Start the inbox."""
        self.inbox.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        with self._lock:
            self._is_over = True
            self._lock.notify()
        if self._thread.is_alive():
            self._thread.join()
        self._pool.shutdown(cancel_futures=True)
        self.inbox.__exit__(kind, error, trace)

    def number(self, person_id: str) -> str | None:
        """Return the telephone number of a person; None: messages come by webhook."""
        return self._responders[person_id].number

    def begin(self, api_url: str, keys: Mapping[str, str], gateway_key: str, world: str) -> None:
        """Begin to act.

        Args:
            api_url: the API.
            keys: by person, the key that names the person.
            gateway_key: the key of the SMS gateway, with the scope `replies:write`.
            world: the exercise.
        """
        self._api = httpx.Client(base_url=api_url, timeout=REQUEST_TIMEOUT_S)
        self._keys, self._gateway_key, self._world = keys, gateway_key, world
        self._thread.start()
        self._later(LOOK_EVERY_S, self._look_for_signatures)

    def _later(self, seconds: float, act: Callable[[httpx.Client], None]) -> None:
        with self._lock:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._count), act))
            self._lock.notify()

    def _after(self, person: Responder, act: Callable[[httpx.Client], None]) -> None:
        self._later(person.delay_s() / self._speed, act)

    def _work(self) -> None:
        api = self._api
        while api is not None:
            with self._lock:
                while not self._is_over and (not self._due or self._due[0][0] > time.monotonic()):
                    self._lock.wait(self._due[0][0] - time.monotonic() if self._due else None)
                if self._is_over:
                    return
                _, _, act = heapq.heappop(self._due)
            self._pool.submit(self._try, api, act)

    def _try(self, api: httpx.Client, act: Callable[[httpx.Client], None]) -> None:
        try:
            act(api)
        except httpx.HTTPError:
            self._later(1.0, act)  # as a person whose telephone has no network for a moment

    def _take(self, owner: str, message: dict[str, Any]) -> None:
        """Take a message in the thread of the inbox."""
        person = self._responders.get(owner) or self._by_number.get(owner)
        if person is None or not person.acts:
            return
        if message["kind"] == "sms":
            self._take_sms(person, message["text"])
        elif message["kind"] == "call" and message["answer_url"]:
            self._take_call(person, message["answer_url"], message["warning_id"])
        elif message["kind"] == "tasks" and message["tasks"]:
            self._take_tasks(person, message["report_url"])
        elif message["kind"] == "command":
            self._take_command(person, message)

    def _take_sms(self, person: Responder, text: str) -> None:
        if link := _TASK_LINK.search(text):
            self._take_tasks(person, link.group())
        elif code := _CODE.search(text):
            if person.errs(code.group(1)):
                self._after(person, lambda api: self._reply(api, person, "没收到"))
            self._after(person, lambda api: self._accept_by_sms(api, person, code.group(1)))

    def _accept_by_sms(self, api: httpx.Client, person: Responder, code: str) -> None:
        self._reply(api, person, f"2 {code}")
        self._after(person, lambda again: self._reply(again, person, f"4 {code}"))

    def _reply(self, api: httpx.Client, person: Responder, text: str) -> None:
        ref = f"{self._world}-{time.time_ns()}"
        reply = {"provider": "drill", "ref": ref, "via": "sms", "number": person.number, "text": text}
        api.post("/v1/replies", json=reply, headers=_bearer(self._gateway_key))

    def _take_call(self, person: Responder, url: str, warning_id: str) -> None:
        kinds = ["cannot"] if person.errs(f"call {warning_id}") else ["accepted", "on_site"]
        self._after(person, lambda api: self._answer(api, person, url, kinds))

    def _answer(self, api: httpx.Client, person: Responder, url: str, kinds: list[str]) -> None:
        api.post(url, data={"kind": kinds[0]})
        if rest := kinds[1:]:
            self._after(person, lambda again: self._answer(again, person, url, rest))

    def _take_tasks(self, person: Responder, url: str) -> None:
        self._after(person, lambda api: self._report(api, person, url))

    def _report(self, api: httpx.Client, person: Responder, url: str) -> None:
        """Make the next step with every task of a link, until none is left."""
        tasks = tasks_on(api.get(url).text)
        gives_back = bool(tasks) and person.errs(f"tasks {tasks[0].number}")
        for task in tasks:
            move = "give_back" if gives_back else task.next_move
            for kind in task.missing if move == "finish" else ():
                fields = {"task": task.number, "what": kind, "note": f"{person.person_id}: {kind}", "depth_mm": "0"}
                red, green, blue = person.dice.randbytes(3)
                files = {"photo": ("photo.jpg", photo((red, green, blue)), "image/jpeg")}
                api.post(url, data=fields, files=files if kind == "photo" else None)
            api.post(url, data={"task": task.number, "what": move, "note": "another duty"})
        if tasks and not gives_back:
            self._after(person, lambda again: self._report(again, person, url))

    def _take_command(self, person: Responder, message: Mapping[str, Any]) -> None:
        """Approve what the platform proposes; look at the place of what was not confirmed."""
        command, proposal = message["command_id"], message["proposal_id"]
        request: tuple[str, dict[str, str]] = (f"/v1/commands/{command}/handled", {"note": "looked at the place"})
        if message["state"] == "asked":
            request = (f"/v1/command-proposals/{proposal}/approval", {})
        headers = _bearer(self._keys[person.person_id])
        self._after(person, lambda api: _post(api, *request, headers))

    def _look_for_signatures(self, api: httpx.Client) -> None:
        """Let people sign what is done, each after a delay of the own."""
        self._later(LOOK_EVERY_S, self._look_for_signatures)
        able = [each for each in self._responders.values() if each.acts]
        if not able:
            return
        headers = _bearer(self._keys[able[0].person_id])
        listed = api.get("/v1/tasks", params={"world": self._world, "limit": 200}, headers=headers).json()["items"]
        for task in listed:
            if task["state"] == "done" and task["after"]:
                for _ in range(SIGNERS_AT_ONCE):
                    self._sign(able[self._tries[task["task_id"]] % len(able)], task["task_id"])

    def _sign(self, person: Responder, task_id: int) -> None:
        self._tries[task_id] += 1
        headers = _bearer(self._keys[person.person_id])
        self._after(person, lambda api: _post(api, f"/v1/tasks/{task_id}/checks", {"passed": True}, headers))


def _post(api: httpx.Client, path: str, document: Mapping[str, object], headers: Mapping[str, str]) -> None:
    api.post(path, json=document, headers=headers)


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
