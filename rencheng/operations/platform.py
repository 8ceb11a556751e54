"""Changes of the platform itself: writers, storage, jobs."""

from collections.abc import Mapping, Sequence

from rencheng.operations.differences import differences
from rencheng.store.access import audit
from rencheng.store.accounting.writer_count import set_writer_count, writer_count
from rencheng.store.core.database import Connection, Engine


def change_writers(connection: Connection, number: int, *, actor: str) -> None:
    """Request a number of writers. Ingest follows within two seconds."""
    before = writer_count(connection)
    set_writer_count(connection, number)
    audit.record(connection, actor, "ingest.writers", "ingest", {"before": before, "after": number})


def record_settings(connection: Connection, settings: Mapping[str, object], *, actor: str) -> bool:
    """Record the settings of retention if they differ from those recorded last. Return whether they do."""
    last = audit.list_audit(connection, action="storage.settings", limit=1)
    before = last[0]["detail"]["settings"] if last else {}
    if dict(settings) == before:
        return False
    changed = differences(before, settings)
    audit.record(connection, actor, "storage.settings", "storage", {**changed, "settings": dict(settings)})
    return True


def record_run(engine: Engine, jobs: Sequence[str], *, actor: str) -> None:
    """Record that a person runs jobs now."""
    with engine.begin() as connection:
        audit.record(connection, actor, "jobs.run", "jobs", {"jobs": list(jobs)})
