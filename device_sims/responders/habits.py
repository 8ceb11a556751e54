"""The habit of a simulated person: whether, when and how rightly the person answers. No I/O."""

import random
from dataclasses import dataclass, field
from enum import StrEnum

PROMPT_S = (20.0, 90.0)
"""A prompt person acts after this time, from and to, seconds of the storm. Proposal."""

LATE_S = (180.0, 420.0)
"""A late person. Proposal: longer than half of a red step's wait of 300 s."""


class Habit(StrEnum):
    """What a simulated person does with a message."""

    PROMPT = "prompt"
    LATE = "late"
    WRONG = "wrong"
    """Answers first what cannot be read or cannot help, and gives the first tasks back."""
    NEVER = "never"


@dataclass(slots=True)
class Responder:
    """A simulated person.

    Attributes:
        number: the telephone number; None: messages come by webhook.
        dice: decides how long each step takes.
        wrong: what the person did wrongly already, once for each call or place.
    """

    person_id: str
    habit: Habit
    dice: random.Random
    number: str | None = None
    wrong: set[str] = field(default_factory=set)

    @property
    def acts(self) -> bool:
        """Whether the person ever acts."""
        return self.habit is not Habit.NEVER

    def delay_s(self) -> float:
        """Return after which time the person does the next step, seconds of the storm."""
        return self.dice.uniform(*(LATE_S if self.habit is Habit.LATE else PROMPT_S))

    def errs(self, what: str) -> bool:
        """Return whether the person does something wrongly now: the first time, if that is the habit."""
        if self.habit is not Habit.WRONG or what in self.wrong:
            return False
        self.wrong.add(what)
        return True
