"""The JSON forms of devices that take commands and of requests for commands, for API and commands."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

from rencheng.response.commands.verbs import BOARD_TEXTS, DURATION_MAX_S, RULES, ActuatorKind, Verb
from rencheng.schemas.fields import DistrictCode, Identifier, OptionalText, Text

_STRICT = ConfigDict(extra="forbid", frozen=True)


def verbs_of(kind: ActuatorKind) -> tuple[Verb, ...]:
    """Return the commands of a kind."""
    return tuple(verb for verb, rule in RULES.items() if rule.kind is kind)


class ActuatorForm(BaseModel):
    """A device that takes commands."""

    model_config = _STRICT

    device_id: Identifier
    kind: ActuatorKind
    region: DistrictCode
    world: Identifier = "actual"
    site_id: Identifier | None = None
    name: OptionalText = ""
    verbs: Annotated[tuple[Verb, ...], Field(max_length=len(Verb))] = ()

    @model_validator(mode="after")
    def _check_verbs(self) -> "ActuatorForm":
        if strange := sorted(set(self.verbs) - set(verbs_of(self.kind))):
            raise ValueError(f"a {self.kind} does not take {', '.join(strange)}, but {', '.join(verbs_of(self.kind))}")
        return self

    @property
    def taken(self) -> tuple[Verb, ...]:
        """The commands that it takes; without a list all of its kind."""
        return tuple(dict.fromkeys(self.verbs)) or verbs_of(self.kind)


class CommandForm(BaseModel):
    """A request for a command."""

    model_config = _STRICT

    device_id: Identifier
    verb: Verb
    text: str | None = Field(None, description=f"Of board.show: {', '.join(BOARD_TEXTS)}.")
    duration_s: float | None = Field(
        None, gt=0, le=DURATION_MAX_S, description="Of board.show and signal.hold: when it ends by itself, seconds."
    )
    reason: Text

    @model_validator(mode="after")
    def _check_parameters(self) -> "CommandForm":
        shows, lasts = self.verb is Verb.BOARD_SHOW, self.verb in {Verb.BOARD_SHOW, Verb.SIGNAL_HOLD}
        if shows != (self.text is not None) or (self.text is not None and self.text not in BOARD_TEXTS):
            raise ValueError(f"board.show, and nothing else, needs a text: {', '.join(BOARD_TEXTS)}")
        if not lasts and self.duration_s is not None:
            raise ValueError("only board.show and signal.hold end by themselves")
        return self

    @property
    def parameters(self) -> dict[str, str | float]:
        """The parameters of the command."""
        found: dict[str, str | float] = {} if self.text is None else {"text": self.text}
        if self.verb in {Verb.BOARD_SHOW, Verb.SIGNAL_HOLD}:
            found["duration_s"] = self.duration_s or DURATION_MAX_S
        return found
