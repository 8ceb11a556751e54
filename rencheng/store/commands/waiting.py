"""What waits for people at commands and devices, for metrics and doctor. Exercises are left out."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

RECENT_DAYS = 7
"""Commands that nobody decided are named for this time. Proposal: a week has each person on duty once."""


@dataclass(frozen=True, slots=True)
class WaitingCommands:
    """What waits for people.

    Attributes:
        to_approve: commands that wait for an approval, the oldest first.
        for_people: commands that were not carried out, of which nobody took care yet.
        undecided: commands of the last days that expired because nobody decided in time.
        silent: devices in service that never reported a state, so no command to them can be confirmed.
    """

    to_approve: tuple[str, ...] = ()
    for_people: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()


_COMMANDS = """
SELECT device_id || ' ' || verb FROM commands WHERE world = 'actual' AND {} ORDER BY asked_at, command_id
"""

_TO_APPROVE = _COMMANDS.format("state = 'asked'")
_FOR_PEOPLE = _COMMANDS.format("person_needed <> '' AND handled_at IS NULL")
_UNDECIDED = _COMMANDS.format(
    f"state = 'expired' AND document ->> 'approved_at' IS NULL AND asked_at > now() - interval '{RECENT_DAYS} days'"
)

_SILENT = """
SELECT device_id FROM actuators AS a
WHERE a.world = 'actual' AND a.retired_at IS NULL AND a.kind IN ('barrier', 'board', 'pump', 'signal')
    AND NOT EXISTS (SELECT FROM actuator_states AS s WHERE s.device_id = a.device_id)
ORDER BY device_id
"""
"""Piles and gauges show their state by their readings."""


def waiting_commands(connection: Connection) -> WaitingCommands:
    """Return what waits for people now."""
    queries = (_TO_APPROVE, _FOR_PEOPLE, _UNDECIDED, _SILENT)
    return WaitingCommands(*(tuple(connection.execute(text(query)).scalars()) for query in queries))
