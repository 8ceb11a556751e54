"""Responses of regions: every second what the rule asks for is proposed."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from rencheng.domain.mute import Mute
from rencheng.operations.declarations import follow_region, levels_of_regions, read_rules
from rencheng.store.core.database import Connection
from services.response.warning_keeper import WarningKeeper


class DeclarationKeeper(WarningKeeper):
    """Proposes responses. A proposal changes nothing by itself.

    Args:
        database_url: the database.
        rules_file: the rules of the city; None: the built-in one.
    """

    def __init__(self, database_url: str, rules_file: Path | None) -> None:
        super().__init__(database_url, "responses")
        self._rules = read_rules(rules_file)

    def find(self, connection: Connection, _mutes: Sequence[Mute]) -> list[str]:
        """Return the worlds and regions that have warnings, or a response."""
        return [f"{world}/{region}" for world, region in levels_of_regions(connection, self._rules)]

    def follow(self, connection: Connection, name: str, _mutes: Sequence[Mute]) -> None:
        """Propose what the rule asks for in one region."""
        world, region = name.split("/")
        levels = levels_of_regions(connection, self._rules).get((world, region), [])
        follow_region(connection, world, region, levels, self._rules)

    def tidy(self, _connection: Connection, _before: datetime) -> None:
        """Delete nothing."""
