"""The errors of a server that does not answer."""

import os
from pathlib import Path

import pytest

from local_stack.errors import StackError
from local_stack.server_process import await_ready


def test_a_server_that_is_still_reading_back_is_reported_from_one_that_ended(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("redo in progress\n")
    with pytest.raises(StackError, match=r"did not answer within 0 s(?s:.)*redo in progress") as slow:
        await_ready(lambda: False, pid=os.getpid(), name="PostgreSQL", log_file=log, timeout_s=0.05)
    with pytest.raises(StackError, match="ended while it started") as ended:
        await_ready(lambda: False, pid=2**22 + 1, name="PostgreSQL", log_file=log, timeout_s=5)

    assert "It continues: wait" in slow.value.remedy
    assert "wait" not in ended.value.remedy
