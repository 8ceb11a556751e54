"""Policies of calls: who is called at a level, in which order, and how long each step waits.

A call keeps a copy of its policy, so that a change of the policy does not touch calls that run.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rencheng.domain.level import Level
from rencheng.domain.region import code_includes, code_prefix
from rencheng.domain.site import SiteType

CITY_DUTY_OFFICER = "city_duty_officer"
"""The role that is called when all steps have been tried."""


STANDBY = (CITY_DUTY_OFFICER, "duty_officer", "leader")
"""The roles of registered people who are called at red if no roster names a city's duty officer, in this order."""


@dataclass(frozen=True, slots=True)
class Post:
    """A role of a rank, such as the deputy of the keepers. The roster finds the person."""

    role: str
    rank: int = 1


@dataclass(frozen=True, slots=True)
class ChannelUse:
    """A kind of contact method, and how long after the step begins it is used, seconds."""

    kind: str
    after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class CallStep:
    """People who are called at the same time.

    Attributes:
        posts: who is called.
        wait_s: how long the step waits for answers before the next one begins.
        needs: the roles of which one person each must answer; a role named twice needs two. Empty: any one person.
        channels: the kinds of contact methods. Empty: all that a person has.
    """

    posts: tuple[Post, ...]
    wait_s: float
    needs: tuple[str, ...] = ()
    channels: tuple[ChannelUse, ...] = ()


@dataclass(frozen=True, slots=True)
class CallPolicy:
    """One version of a policy. It never changes; a change makes another version.

    Attributes:
        region: a district, a city (…00) or a province (…0000).
        site_type: the type of site that it is for; None for all.
        level: the level that it is for.
        hold_s: how long an answer holds without progress.
    """

    policy_id: str
    version: int
    region: str
    site_type: SiteType | None
    level: Level
    steps: tuple[CallStep, ...]
    hold_s: float

    def serves(self, region: str, site_type: SiteType, level: Level) -> bool:
        """Return whether it is for a site and a level."""
        return self.level is level and self.site_type in {None, site_type} and code_includes(self.region, region)


def choose_policy(policies: Iterable[CallPolicy], region: str, site_type: SiteType, level: Level) -> CallPolicy | None:
    """Return the policy for a site and level: of the site's type before all types, of the smallest region.

    Without one of the city's own, the built-in policy; None at levels that call nobody.
    """
    serving = [each for each in policies if each.serves(region, site_type, level)]
    serving.sort(key=lambda each: (each.site_type is None, -len(code_prefix(each.region)), each.policy_id))
    return serving[0] if serving else BUILT_IN.get(level)


_MIN_S = 60.0
_QUIET = (ChannelUse("chat"), ChannelUse("sms"))
_URGENT = (ChannelUse("sms"), ChannelUse("chat"), ChannelUse("voice", 2 * _MIN_S))
_ALL = (ChannelUse("voice"), ChannelUse("sms"), ChannelUse("chat"))
_PLACE = ("duty_officer", "keeper")
_HELP = ("street", "drainage", "police")


def _posts(*roles: str, rank: int = 1) -> tuple[Post, ...]:
    return tuple(Post(role, rank) for role in roles)


BUILT_IN = {
    policy.level: policy
    for policy in (
        CallPolicy(
            "built-in-yellow",
            1,
            "000000",
            None,
            Level.YELLOW,
            (
                CallStep(_posts(*_PLACE), 15 * _MIN_S, channels=_QUIET),
                CallStep(_posts("keeper", rank=2), 15 * _MIN_S, channels=_QUIET),
                CallStep(_posts("leader"), 15 * _MIN_S, channels=_QUIET),
            ),
            hold_s=60 * _MIN_S,
        ),
        CallPolicy(
            "built-in-orange",
            1,
            "000000",
            None,
            Level.ORANGE,
            (
                CallStep(_posts(*_PLACE, *_HELP), 10 * _MIN_S, channels=_URGENT),
                CallStep(_posts(*_PLACE, *_HELP, rank=2), 5 * _MIN_S, channels=_URGENT),
                CallStep(_posts("leader"), 5 * _MIN_S, channels=_URGENT),
            ),
            hold_s=30 * _MIN_S,
        ),
        CallPolicy(
            "built-in-red",
            1,
            "000000",
            None,
            Level.RED,
            (
                CallStep(_posts(*_PLACE, *_HELP, "leader", "emergency"), 5 * _MIN_S, channels=_ALL),
                CallStep(_posts(*_PLACE, *_HELP, "leader", "emergency", rank=2), 2 * _MIN_S, channels=_ALL),
            ),
            hold_s=15 * _MIN_S,
        ),
    )
}
"""The policies of a city that has written none. Source: an answer to red within 5 min from a trial in 长治 (2024);
all other numbers are a proposal."""
