"""The balance of readings: published by the devices, counted by ingest, stored as rows."""

from dataclasses import asdict, dataclass
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from rencheng.domain.errors import NotPossible
from rencheng.store.accounting.counts import stored_rows, totals
from rencheng.store.core.database import Engine


@dataclass(frozen=True)
class ReadingBalance:
    """The readings of one run. `rows` are counted in the three tables with SELECT count(*)."""

    published: int
    stored: int
    duplicate: int
    quarantined: int
    in_flight: int
    rows: int

    @property
    def is_settled(self) -> bool:
        """Whether every published reading is stored, duplicate or quarantined."""
        return self.in_flight == 0 and self.published == self.stored + self.duplicate + self.quarantined

    def check(self) -> None:
        """Check that the balance is even.

        Raises:
            NotPossible: it is not.
        """
        counted = self.stored + self.duplicate + self.quarantined + self.in_flight
        if self.published != counted or self.stored != self.rows:
            raise NotPossible(
                f"readings are missing: {asdict(self)}. The logs in build/demo/logs and the table quarantine"
                " show what became of them; please report this as a defect."
            )


def read_balance(engine: Engine, world: str, metrics_url: str, *, published: int) -> ReadingBalance:
    """Read the balance of now."""
    in_flight = _in_flight(metrics_url)
    with engine.connect() as connection:
        counts = totals(connection, world)
        rows = stored_rows(connection, world)
    return ReadingBalance(published, counts.stored, counts.duplicate, counts.quarantined, in_flight, rows)


def _in_flight(metrics_url: str) -> int:
    """Return the readings that ingest has not committed yet, and the messages that it has not processed."""
    with urlopen(metrics_url, timeout=5) as response:  # noqa: S310 - our own process on loopback
        families = text_string_to_metric_families(response.read().decode())
    wanted = {"rencheng_ingest_in_flight_readings", "rencheng_ingest_inbox_messages"}
    return int(sum(sample.value for family in families for sample in family.samples if sample.name in wanted))
