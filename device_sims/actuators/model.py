"""The behaviour of a device that takes commands, without a network and without a clock.

The honest behaviour is the contract of docs/how-to/connect-a-barrier.md: an id once, nothing past its expiry, nothing
retained, and the state again after each accepted command.
"""

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import ValidationError

from rencheng.response.commands.inputs import ReplyOutcome
from rencheng.response.commands.verbs import ActuatorKind, Verb
from rencheng.response.commands.wire import CommandDocument, ReplyDocument, StateDocument, StateRequest

MOVES_WITHIN_S = (0.05, 0.5)
"""How long a movement takes, from and to, seconds: short, so that a drill is short."""


class Behaviour(StrEnum):
    """What a simulated device does with a command."""

    OBEYS = "obeys"
    REFUSES = "refuses"
    SILENT = "silent"
    """It does not answer, and does nothing."""
    STUCK = "stuck"
    """It accepts, and never moves."""
    OPPOSITE = "opposite"
    """It accepts, and does the opposite."""
    UNSURE = "unsure"
    """It accepts, and reports that it does not know its state."""


_MOVES: dict[Verb, tuple[str, str]] = {
    Verb.BARRIER_CLOSE: ("closing", "closed"),
    Verb.BARRIER_OPEN: ("opening", "open"),
    Verb.BOARD_SHOW: ("", "shown"),
    Verb.BOARD_CLEAR: ("", "blank"),
    Verb.PUMP_START: ("", "running"),
    Verb.PUMP_STOP: ("", "stopped"),
    Verb.PILE_UNAVAILABLE: ("", "Unavailable"),
    Verb.PILE_AVAILABLE: ("", "Available"),
    Verb.PILE_STOP: ("Finishing", "Available"),
    Verb.SIGNAL_HOLD: ("", "held"),
    Verb.SIGNAL_RELEASE: ("", "normal"),
}
"""The state on the way, if there is one, and the state at the end."""

_OPPOSITES: dict[Verb, Verb] = {
    Verb.BARRIER_CLOSE: Verb.BARRIER_OPEN,
    Verb.BOARD_SHOW: Verb.BOARD_CLEAR,
    Verb.PUMP_START: Verb.PUMP_STOP,
    Verb.PILE_UNAVAILABLE: Verb.PILE_AVAILABLE,
    Verb.SIGNAL_HOLD: Verb.SIGNAL_RELEASE,
}
_OPPOSITES |= {back: verb for verb, back in _OPPOSITES.items()}

FIRST_STATE: dict[ActuatorKind, str] = {
    ActuatorKind.BARRIER: "open",
    ActuatorKind.BOARD: "blank",
    ActuatorKind.PUMP: "stopped",
    ActuatorKind.PILE: "Charging",
    ActuatorKind.SIGNAL: "normal",
}


@dataclass(slots=True)
class ActuatorModel:
    """A simulated device.

    Attributes:
        dice: decides how long a movement takes.
        moves: (state, text) of every movement so far: what really happened.
        obeyed: the ids of the commands on which it acted.
    """

    kind: ActuatorKind
    behaviour: Behaviour
    dice: random.Random
    state: str = ""
    text: str = ""
    is_obstructed: bool = False
    moves: list[tuple[str, str]] = field(default_factory=list)
    obeyed: list[str] = field(default_factory=list)
    _answers: dict[str, ReplyDocument] = field(default_factory=dict)
    _due: list[tuple[datetime, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin in the state of a dry day."""
        self.state = self.state or FIRST_STATE[self.kind]

    def receive(self, payload: bytes, now: datetime, *, is_retained: bool = False) -> list[bytes]:
        """Return what the device publishes on `reply` after a message on `command`."""
        if is_retained or self.behaviour is Behaviour.SILENT:
            return []
        if json.loads(payload).get("type") == StateRequest().type:
            return [self.report()]
        try:
            command = CommandDocument.model_validate_json(payload)
        except ValidationError:
            return []
        if command.id in self._answers:
            return [_encode(self._answers[command.id])]
        answer = self._answer(command, now)
        self._answers[command.id] = answer
        found = [_encode(answer)]
        if answer.outcome is ReplyOutcome.ACCEPTED:
            self._act(command, now)
            found.append(self.report())
        return found

    def _answer(self, command: CommandDocument, now: datetime) -> ReplyDocument:
        refusal = ""
        if now >= command.expires_at:
            refusal = "expired"
        elif self.behaviour is Behaviour.REFUSES:
            refusal = "under local control"
        elif command.verb not in _MOVES:
            refusal = "not supported"
        outcome = ReplyOutcome.REJECTED if refusal else ReplyOutcome.ACCEPTED
        return ReplyDocument(command=command.id, outcome=outcome, reason=refusal)

    def _act(self, command: CommandDocument, now: datetime) -> None:
        if self.behaviour in {Behaviour.STUCK, Behaviour.UNSURE}:
            return
        is_opposite = self.behaviour is Behaviour.OPPOSITE
        verb = _OPPOSITES.get(command.verb, command.verb) if is_opposite else command.verb
        passing, final = _MOVES[verb]
        text = str(command.parameters.get("text", "")) if verb is Verb.BOARD_SHOW else ""
        self.obeyed.append(command.id)
        self._due = []
        if self.state != final and passing:
            self._move(passing, text)
        self._due.append((now + timedelta(seconds=self.dice.uniform(*MOVES_WITHIN_S)), final, text))

    def _move(self, state: str, text: str) -> None:
        if (self.state, self.text) != (state, text):
            self.state, self.text = state, text
            self.moves.append((state, text))

    def tick(self, now: datetime) -> list[bytes]:
        """Return what the device publishes on `reply` when time passes."""
        done = [each for each in self._due if each[0] <= now]
        self._due = [each for each in self._due if each[0] > now]
        for _, state, text in done:
            self._move(state, text)
        return [self.report() for _ in done]

    @property
    def next_due(self) -> datetime | None:
        """When the next movement ends."""
        return min((at for at, _, _ in self._due), default=None)

    def report(self) -> bytes:
        """Return the document of the present state; of a pile, the payload of its telemetry."""
        if self.kind is ActuatorKind.PILE:
            return json.dumps({"connector_id": 1, "measurand": "status", "status": self.state}).encode()
        state = "unknown" if self.behaviour is Behaviour.UNSURE else self.state
        return _encode(StateDocument(state=state, text=self.text, obstructed=self.is_obstructed))


def _encode(document: ReplyDocument | StateDocument) -> bytes:
    fields: dict[str, Any] = document.model_dump(mode="json", exclude_defaults=True)
    return json.dumps({"type": document.type} | fields, separators=(",", ":")).encode()


def models(kinds: Iterable[ActuatorKind], behaviours: Iterable[Behaviour], *, seed: int) -> list[ActuatorModel]:
    """Return one device for each pair, with dice of their own."""
    return [
        ActuatorModel(kind, behaviour, random.Random(f"{seed}/{number}"))  # noqa: S311 - simulated movements
        for number, (kind, behaviour) in enumerate(zip(kinds, behaviours, strict=True))
    ]
