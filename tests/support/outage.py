"""A database that does not answer."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Engine, create_engine, text

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


@contextmanager
def database_closed(server_url: str, name: str) -> Iterator[None]:
    """Let a database refuse every connection, and end those of the services, while the block runs."""
    admin = create_engine(server_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS false'))
        connection.execute(_END_SERVICES, {"name": name})
        try:
            yield
        finally:
            connection.execute(text(f'ALTER DATABASE "{name}" WITH ALLOW_CONNECTIONS true'))
    admin.dispose()


_END_SERVICES = text("""
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = :name AND application_name LIKE 'rencheng-%'
""")
