"""From level changes to messages: the first is an Alert, later ones are Updates, the last is a Cancel. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self

from rencheng.domain.level import Level
from rencheng.domain.site import Site
from rencheng.domain.warning import Certainty, Grounds, MessageType, WarningMessage, WarningRule
from rencheng.engine.evaluate import LevelChange

EVEN_ODDS = 0.5
"""CAP 1.2: Likely is more probable than not."""


@dataclass(frozen=True, slots=True)
class OpenWarning:
    """A warning that is in force: its name, and (identifier, issued_at) of what has been said under it."""

    warning_id: str
    sent: tuple[tuple[str, datetime], ...]

    def to_json(self) -> dict[str, object]:
        """As plain JSON values."""
        return {"warning_id": self.warning_id, "said": [[name, at.isoformat()] for name, at in self.sent]}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """What was kept."""
        said = tuple((name, datetime.fromisoformat(at)) for name, at in kept["said"])
        return cls(kept["warning_id"], said)


def advance(standing: OpenWarning | None, site: Site, change: LevelChange) -> tuple[OpenWarning | None, WarningMessage]:
    """What is to be said about a change, and the warning that stands after it (None once it is over).

    Names follow from site, time and sequence alone, so that a message said again after a crash is the same message.
    """
    at = change.at.astimezone(UTC).replace(microsecond=0)
    warning_id = standing.warning_id if standing else f"{site.site_id}-{at:%Y%m%dT%H%M%SZ}"
    said = standing.sent if standing else ()
    over = change.after is Level.NONE
    message = WarningMessage(
        identifier=f"{warning_id}-{len(said) + 1}",
        warning_id=warning_id,
        sequence=len(said) + 1,
        message_type=MessageType.CANCEL if over else MessageType.UPDATE if said else MessageType.ALERT,
        site_id=site.site_id,
        level=change.before if over else change.after,
        certainty=_certainty(change.grounds),
        issued_at=at,
        world=site.world,
        grounds=change.grounds,
        references=said,
    )
    return (None if over else OpenWarning(warning_id, (*said, (message.identifier, at)))), message


def _certainty(grounds: Grounds) -> Certainty:
    """What was measured is observed; what is foretold is likely with more than even odds (CAP), else possible.

    Rain is measured, the water that it may bring is not.
    """
    if grounds.rule is WarningRule.RAINED:
        return Certainty.POSSIBLE
    if grounds.rule is not WarningRule.PREDICTED:
        return Certainty.OBSERVED
    return Certainty.LIKELY if grounds.probability is None or grounds.probability > EVEN_ODDS else Certainty.POSSIBLE
