"""Does it add up? What the devices published against what the platform says, and against what the tables hold."""

from dataclasses import asdict, dataclass
from urllib.request import urlopen

from prometheus_client.parser import text_string_to_metric_families

from rencheng.domain.errors import NotPossible
from rencheng.store.accounting.counts import stored_rows, totals
from rencheng.store.core.database import Engine


@dataclass(frozen=True)
class ReadingBalance:
    """Readings of one run. `rows` is what SELECT count(*) finds in the three tables."""

    published: int
    stored: int
    duplicate: int
    quarantined: int
    in_flight: int
    rows: int

    @property
    def is_settled(self) -> bool:
        """Is nothing on its way any more?"""
        return self.in_flight == 0 and self.published == self.stored + self.duplicate + self.quarantined

    def check(self) -> None:
        """See that it adds up.

        Raises:
            NotPossible: it does not.
        """
        accounted = self.stored + self.duplicate + self.quarantined + self.in_flight
        if self.published != accounted or self.stored != self.rows:
            raise NotPossible(
                f"the account does not add up: {asdict(self)}. The logs in build/demo/logs and the table quarantine"
                " tell where readings went; please report this as a defect."
            )


def read_balance(engine: Engine, world: str, metrics_url: str, *, published: int) -> ReadingBalance:
    """The account as of now."""
    in_flight = _in_flight(metrics_url)
    with engine.connect() as connection:
        tally = totals(connection, world)
        rows = stored_rows(connection, world)
    return ReadingBalance(published, tally.stored, tally.duplicate, tally.quarantined, in_flight, rows)


def _in_flight(metrics_url: str) -> int:
    """Readings that ingest has taken in and not committed, and messages that it has not looked at."""
    with urlopen(metrics_url, timeout=5) as answer:  # noqa: S310 - our own process on loopback
        families = text_string_to_metric_families(answer.read().decode())
    wanted = {"rencheng_ingest_in_flight_readings", "rencheng_ingest_inbox_messages"}
    return int(sum(sample.value for family in families for sample in family.samples if sample.name in wanted))
