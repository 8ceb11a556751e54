import socket
import threading
import time
from pathlib import Path

import pytest

from local_stack.errors import StackError
from local_stack.locks import hold_lock
from local_stack.ports import FIRST, LAST, choose_port, require_free
from local_stack.progress import SilentProgress


class RecordedLines(SilentProgress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def print_line(self, text: str) -> None:
        self.lines.append(text)


def test_the_same_seed_chooses_the_same_port() -> None:
    port = choose_port(seed="a", avoid=())
    assert FIRST <= port <= LAST
    assert port == choose_port(seed="a", avoid=())


def test_a_taken_port_is_avoided() -> None:
    port = choose_port(seed="taken", avoid=())
    with socket.create_server(("127.0.0.1", port)):
        assert choose_port(seed="taken", avoid=()) != port
        with pytest.raises(StackError, match="another program has taken port"):
            require_free(port, server="Mosquitto")


def test_a_port_that_another_checkout_keeps_is_avoided() -> None:
    port = choose_port(seed="kept", avoid=())
    assert choose_port(seed="kept", avoid={port}) != port


def test_whoever_waits_for_a_lock_says_so(tmp_path: Path) -> None:
    report = RecordedLines()

    def wait() -> None:
        with hold_lock(tmp_path / "lock", waiting_for="the first one", report=report):
            report.print_line("got it")

    waiter = threading.Thread(target=wait)
    with hold_lock(tmp_path / "lock", waiting_for="-", report=report):
        waiter.start()
        while not report.lines:
            time.sleep(0.01)
        assert report.lines == ["waiting for the first one"]
    waiter.join(5)
    assert report.lines == ["waiting for the first one", "got it"]


def test_a_lock_whose_file_was_deleted_meanwhile_is_taken_again(tmp_path: Path) -> None:
    lock_file, report = tmp_path / "lock", RecordedLines()

    def wait() -> None:
        with hold_lock(lock_file, waiting_for="the first one", report=report):
            report.print_line(str(lock_file.exists()))

    waiter = threading.Thread(target=wait)
    with hold_lock(lock_file, waiting_for="-", report=report):
        waiter.start()
        while not report.lines:
            time.sleep(0.01)
        lock_file.unlink()
    waiter.join(5)
    assert report.lines == ["waiting for the first one", "True"]
