"""Whether a call is answered: enough people of the right roles."""

from collections.abc import Sequence

from rencheng.domain.level import Level
from rencheng.response.calls.call import Call, CalledPerson, CallState, PersonState
from rencheng.response.calls.policy import CITY_DUTY_OFFICER, Post
from rencheng.response.calls.roster import DutyReason

OFFICER = Post(CITY_DUTY_OFFICER)


def enough(call: Call) -> PersonState:
    """Return the lowest answer that stops calling a person. At orange and red, to have read is no answer."""
    return PersonState.ACCEPTED if call.level >= Level.ORANGE else PersonState.RECEIVED


def answering(call: Call) -> list[CalledPerson]:
    """Return the people whose answers count."""
    lowest = enough(call)
    return [each for each in call.targets if each.state >= lowest]


def is_answered(call: Call) -> bool:
    """Return whether one of the tried steps has the answers that it needs, or the city's duty officer answered."""
    answers = answering(call)
    if call.state is CallState.EXHAUSTED and any(OFFICER.role in each.roles for each in answers):
        return True
    for number, step in enumerate(call.policy.steps[: max(call.step, 1)], start=1):
        own = [each for each in answers if each.step == number or each.reason is DutyReason.REQUESTED]
        if is_met(step.needs, answers if step.needs else own):
            return True
    return False


def is_met(needs: Sequence[str], answered: Sequence[CalledPerson]) -> bool:
    """Return whether each needed role has a person of its own; without needs, whether anybody answered."""
    if not needs:
        return bool(answered)
    first, rest = needs[0], needs[1:]
    if not rest:
        return any(first in each.roles for each in answered)
    return any(
        is_met(rest, [other for other in answered if other is not each]) for each in answered if first in each.roles
    )
