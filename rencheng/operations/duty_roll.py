"""Look up who is on duty for a call."""

from rencheng.domain.level import Level
from rencheng.response.calls.answered import OFFICER
from rencheng.response.calls.call import Call
from rencheng.response.calls.intents import Candidate
from rencheng.response.calls.policy import STANDBY, CallPolicy, Post
from rencheng.response.calls.roster import Duty, DutyReason, duty_for
from rencheng.response.calls.stepping import Roll
from rencheng.store.calls.asks import reachable_people
from rencheng.store.calls.people import standby_people
from rencheng.store.calls.rosters import load_rosters
from rencheng.store.core.database import Connection, database_now


def look_up_roll(connection: Connection, call: Call, policy: CallPolicy, level: Level) -> Roll:
    """Look up who is on duty now for each post of a policy and its deputies; in an exercise, who has duty today.

    At red registered people stand in for a city's duty officer that no roster names.
    """
    now = database_now(connection)
    posts = dict.fromkeys([*(post for step in policy.steps for post in step.posts), OFFICER])
    rosters = load_rosters(connection, since=now, until=now)
    deputies = [
        Post(role, rank)
        for role in dict.fromkeys(post.role for post in posts)
        for rank in range(1, 1 + max((each.ranks for each in rosters if each.role == role), default=0))
    ]
    duties = {
        post: duty
        for post in dict.fromkeys([*posts, *deputies])
        if (duty := duty_for(rosters, post.role, post.rank, call.region, call.site_id, now)).person_id or post in posts
    }
    if level is Level.RED and duties[OFFICER].person_id is None:
        standby = standby_people(connection, call.region, STANDBY)
        duties |= {
            Post(OFFICER.role, rank): Duty(rank, person, DutyReason.REGISTER)
            for rank, person in enumerate(standby, start=1)
        }
    named = {person for duty in duties.values() for person in (duty.person_id, duty.leaving) if person is not None}
    reachable = reachable_people(connection, named, call.world, level)
    return {
        post: Candidate(post, duty, duty.person_id in reachable, duty.leaving if duty.leaving in reachable else None)
        for post, duty in duties.items()
    }
