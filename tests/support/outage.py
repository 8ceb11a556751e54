"""A database that does not answer."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine

from rencheng.domain.errors import StoreUnavailable


@contextmanager
def database_away(database: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let every connection fail while the block runs."""

    def fail(*_: object) -> None:
        raise StoreUnavailable("gone")

    with monkeypatch.context() as patch:
        patch.setattr(database, "begin", fail)
        patch.setattr(database, "connect", fail)
        yield
