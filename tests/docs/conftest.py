"""A checkout with a shell in it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkouts import new_checkout
from tests.docs.typed import ROOT, Shell


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    with new_checkout(tmp_path) as checkout:
        yield Shell(checkout)
