"""Real servers for these tests: programs from the shared cache, data in a checkout that is thrown away."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack import stack
from local_stack.endpoints import Endpoints
from local_stack.programs import Programs, ensure
from local_stack.progress import LineProgress, SilentProgress


@pytest.fixture(autouse=True)
def no_external_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RENCHENG_DATABASE_URL", raising=False)
    monkeypatch.delenv("RENCHENG_MQTT_URL", raising=False)


@pytest.fixture(scope="session")
def programs() -> Programs:
    return ensure(LineProgress())


@pytest.fixture
def checkout(programs: Programs, tmp_path: Path) -> Iterator[Path]:
    del programs  # fetched before any test needs them
    folder = tmp_path / "clone"
    folder.mkdir()
    yield folder
    stack.reset(folder)


@pytest.fixture
def endpoints(checkout: Path) -> Endpoints:
    return stack.up(checkout, SilentProgress())
