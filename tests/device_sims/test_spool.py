import subprocess
import sys
from pathlib import Path

import pytest

from device_sims.send_queue import FRESH_S, SendPolicy, SendQueue
from device_sims.spool import Spool
from rencheng.domain.receipt import message_id

WRITE_FOREVER = """
import sys
from pathlib import Path
from device_sims.spool import Spool
spool = Spool(Path(sys.argv[1]))
for number in range(10**6):
    spool.add(b"%d" % number, readings=1)
    print(number, flush=True)
"""


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool.sqlite")


def test_what_was_kept_survives_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "spool.sqlite"
    with subprocess.Popen([sys.executable, "-c", WRITE_FOREVER, str(path)], stdout=subprocess.PIPE) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(50)]
        process.kill()
        lines += process.stdout.readlines()
    numbers = [int(line) for line in lines if line.endswith(b"\n")]
    kept = Spool(path)

    assert len(numbers) >= 50
    assert len(kept) - len(numbers) in {0, 1}
    assert len(kept.settle(message_id(b"%d" % number) for number in numbers)) == len(numbers)


def test_the_same_message_is_kept_once_and_a_settled_one_is_forgotten(spool: Spool) -> None:
    first = spool.add(b"a", readings=1)
    second = spool.add(b"b", readings=2)
    assert first is not None
    assert second is not None

    assert spool.add(b"a", readings=1) is None
    assert spool.settle([message_id(b"a"), message_id(b"unknown")]) == [first]
    assert spool.find(first) is None
    assert (found := spool.find(second)) is not None
    assert (found.payload, found.readings) == (b"b", 2)
    assert len(spool) == 1


def test_a_number_is_never_given_twice(spool: Spool) -> None:
    first = spool.add(b"a", readings=1)
    spool.settle([message_id(b"a")])

    assert spool.add(b"b", readings=1) != first


def test_after_a_restart_what_is_left_goes_out_oldest_first_and_what_is_new_before_it(tmp_path: Path) -> None:
    for payload in (b"a", b"b", b"c"):
        Spool(tmp_path / "spool.sqlite").add(payload, readings=1)
    spool = Spool(tmp_path / "spool.sqlite")
    sending = SendQueue(SendPolicy(), lambda after, before, most: spool.between(after, before, at_most=most))
    alarm = spool.add(b"alarm", readings=1)
    assert alarm is not None
    sending.add(alarm, FRESH_S)

    assert sending.next(FRESH_S, 2) == [alarm, 1]
    assert sending.next(FRESH_S, 5) == [2, 3]
