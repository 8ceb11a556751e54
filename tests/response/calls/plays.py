"""Calls as tests play them: a policy, people on duty, and a log of what was sent."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from rencheng.domain.level import Level
from rencheng.domain.site import Site, SiteType, default_profile
from rencheng.response.calls.call import CallState
from rencheng.response.calls.inputs import CallInput, TimePassed
from rencheng.response.calls.intents import Advance, Announce, Ask, Candidate, Finding
from rencheng.response.calls.machine import advance, open_call
from rencheng.response.calls.policy import CITY_DUTY_OFFICER, CallPolicy, CallStep, Post
from rencheng.response.calls.roster import Duty, DutyReason

START = datetime(2026, 7, 20, 3, 0, tzinfo=UTC)
SITE = Site("U1", "通道", "Underpass", SiteType.UNDERPASS, "370102", 36.6, 117.0, default_profile(SiteType.UNDERPASS))


def policy(*steps: CallStep, level: Level = Level.RED, hold_s: float = 900.0) -> CallPolicy:
    return CallPolicy("p", 1, "370100", None, level, steps, hold_s)


def step(*roles: str, wait_s: float = 120.0, needs: tuple[str, ...] = ()) -> CallStep:
    return CallStep(tuple(Post(role) for role in roles), wait_s, needs)


THREE = policy(step("keeper"), step("deputy"), step("leader"))


def on(person: str | None, role: str, *, is_reachable: bool = True) -> tuple[Post, Candidate]:
    duty = Duty(1, person, DutyReason.SHIFT if person else DutyReason.GAP)
    return Post(role), Candidate(Post(role), duty, is_reachable)


ROLL = dict([on("ann", "keeper"), on("bo", "deputy"), on("cy", "leader"), on("dee", CITY_DUTY_OFFICER)])


@dataclass
class Play:
    """A call, and everything that it sent."""

    policy: CallPolicy = THREE
    roll: dict[Post, Candidate] = field(default_factory=lambda: dict(ROLL))
    now: datetime = START
    sent: list[tuple[float, str, str]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    results: list[tuple[CallInput, Advance]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.call = open_call("w", SITE, self.policy.level, self.policy, self.now)

    def is_in(self, state: CallState) -> bool:
        """Return whether the call is in a state."""
        return self.call.state is state

    def give(self, given: CallInput, after_s: float = 0.0) -> Advance:
        self.now += timedelta(seconds=after_s)
        result = advance(self.call, given, self.roll, self.now)
        self.call = result.call
        self.results.append((given, result))
        at_s = (self.now - START).total_seconds()
        self.sent += [(at_s, one.person_id, one.kind) for one in result.intents if isinstance(one, Ask)]
        self.findings += [one.finding for one in result.intents if isinstance(one, Announce)]
        return result

    def wait(self, seconds: float) -> None:
        """Let time pass, with a look at the clock each second."""
        for _ in range(int(seconds)):
            self.give(TimePassed(), 1.0)
