"""The thread that asks the database each second, and keeps the spare list from its last answer."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

from rencheng.domain.errors import StoreUnavailable
from rencheng.runtime.clock import SYSTEM_CLOCK, Clock
from rencheng.runtime.logs import get_logger
from rencheng.runtime.periodic import PeriodicThread
from rencheng.store.core.database import Connection, discard, open_database, translate_errors
from rencheng.store.response.cipher import ContactCipher
from rencheng.store.response.spare_list import hold_lead, load_spare_methods

if TYPE_CHECKING:
    from rencheng.response.delivery.spare import SpareMethod

log = get_logger("response")

ASK_EVERY_S = 1.0
"""How often the database is asked."""

AWAY_AFTER_S = 5.0
"""A database without an answer for so long is away. Proposal: shorter than any wait of a person, longer than a failover
of a connection."""


class SpareList:
    """The contact methods that get red warnings while the database is away.

    Of several processes the one leads that holds a lock of the database. It stays the leader while the database is
    away, so that one process sends.

    Args:
        database_url: the database.
        cipher: decrypts addresses.
        clock: the time of the process; the database has none to give while it is away.

    Attributes:
        methods: as last read.
        answered_at: when the database last answered.
        is_leader: whether this process held the lock when the database last answered.
    """

    def __init__(self, database_url: str, cipher: ContactCipher, clock: Clock = SYSTEM_CLOCK) -> None:
        self._engine = open_database(database_url, name="rencheng-response-spare", connections_max=1)
        self._cipher = cipher
        self._clock = clock
        self._connection: Connection | None = None
        self.answered_at = clock.now()
        self._answered_s = clock.monotonic_s()
        self._thread = PeriodicThread(self._ask, ASK_EVERY_S, name="spare-list")
        self.methods: list[SpareMethod] = []
        self.is_leader = False

    def __enter__(self) -> Self:
        """Read the list, and start the thread."""
        self._ask()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self._thread.__exit__(kind, error, trace)
        self._discard()
        self._engine.dispose()

    @property
    def is_away(self) -> bool:
        """Whether the database is away."""
        return self._clock.monotonic_s() - self._answered_s > AWAY_AFTER_S

    def note_answer(self) -> None:
        """Note that the database answered."""
        self.answered_at, self._answered_s = self._clock.now(), self._clock.monotonic_s()

    def _ask(self) -> None:
        try:
            with translate_errors():
                self._read()
            self.note_answer()
        except StoreUnavailable:
            self._discard()
        except Exception:
            log.exception("the spare list cannot be read")
            self._discard()

    def _read(self) -> None:
        if self._connection is None:
            connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            self._connection, self.is_leader = connection, hold_lead(connection)
        elif not self.is_leader:
            self.is_leader = hold_lead(self._connection)
        self.methods = load_spare_methods(self._connection, self._cipher)

    def _discard(self) -> None:
        if self._connection is not None:
            discard(self._connection)
            self._connection = None
