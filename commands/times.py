"""Times of a command line, within the bounds of all times."""

from datetime import datetime, tzinfo

from rencheng.domain.bounds import moment_within_bounds
from rencheng.domain.errors import NotPossible


def moment_of(time: datetime, option: str, zone: tzinfo | None = None) -> datetime:
    """Return the moment of a time; without an offset it is a time of the zone.

    Args:
        time: as it was given.
        option: the name of the option, for the error.
        zone: None stands for the zone of this machine.

    Raises:
        NotPossible: the time lies outside the years 1970 to 2199.
    """
    try:
        return moment_within_bounds(time if time.tzinfo else time.replace(tzinfo=zone) if zone else time.astimezone())
    except (ValueError, OverflowError) as error:
        raise NotPossible(f"{option}: {error}") from None
