import pytest
from structlog.testing import capture_logs

from rencheng.domain.errors import StoreUnavailable
from rencheng.runtime.logs import get_logger
from rencheng.runtime.outage import tolerate_outage


def _ask_the_database() -> None:
    raise StoreUnavailable("no route to host")


def test_work_that_was_done_is_issued_to_be_done() -> None:
    with tolerate_outage(get_logger("test"), "nothing follows") as attempt:
        assert not attempt.succeeded

    assert attempt.succeeded


def test_a_database_that_is_away_is_logged_with_what_follows() -> None:
    with capture_logs() as lines, tolerate_outage(get_logger("test"), "notices wait", waiting=3) as attempt:
        _ask_the_database()

    assert not attempt.succeeded
    assert [(line["event"], line["consequence"], line["waiting"], line["why"]) for line in lines] == [
        ("database away", "notices wait", 3, "no route to host")
    ]


def test_any_other_error_passes() -> None:
    with pytest.raises(ValueError, match="broken"), tolerate_outage(get_logger("test"), "notices wait"):
        raise ValueError("broken")
