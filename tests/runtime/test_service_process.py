import os
from pathlib import Path

import pytest

from rencheng.runtime.service_process import ServiceNotReady, ServiceProcess, stop_all

MODULE = "tests.support.idle_service"


def test_a_service_is_waited_for_and_stopped(tmp_path: Path) -> None:
    service = ServiceProcess(MODULE, tmp_path / "log")
    service.start(until="ready")

    assert service.is_running
    assert service.stop() == 0
    assert service.exit_status == 0


def test_a_service_that_ends_early_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    environment = os.environ | {"IDLE_EXIT": "3", "IDLE_PRINTS": "no database"}
    service = ServiceProcess(MODULE, tmp_path / "log", environment)

    with pytest.raises(ServiceNotReady, match="no database"):
        service.start(until="ready")
    assert service.exit_status == 3


def test_a_service_that_is_not_ready_in_time_is_killed(tmp_path: Path) -> None:
    service = ServiceProcess(MODULE, tmp_path / "log", os.environ | {"IDLE_PRINTS": "other"})
    with pytest.raises(ServiceNotReady, match="within 0 s"):
        service.start(until="ready", within_s=0)

    assert not service.is_running


def test_a_text_from_before_the_last_start_does_not_count(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("ready\n")
    with ServiceProcess(MODULE, log, os.environ | {"IDLE_PRINTS": "other"}) as service:
        service.wait_for("other")

        assert service.output() == "other\n"
        with pytest.raises(ServiceNotReady, match="within 0 s"):
            service.wait_for("ready", within_s=0)
    assert not service.is_running


def test_a_killed_service_can_be_started_again(tmp_path: Path) -> None:
    with ServiceProcess(MODULE, tmp_path / "log") as service:
        service.wait_for("ready")
        service.kill()
        assert service.exit_status == -9
        service.start(until="ready")

        assert service.is_running


def test_all_services_are_stopped_together(tmp_path: Path) -> None:
    services = [ServiceProcess(MODULE, tmp_path / f"{number}") for number in range(2)]
    for service in services:
        service.start(until="ready")
    stop_all(services)

    assert [service.exit_status for service in services] == [0, 0]
