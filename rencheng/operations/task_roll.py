"""Who is on duty now for tasks."""

from collections.abc import Iterable

from rencheng.domain.level import Level
from rencheng.response.calls.intents import Candidate
from rencheng.response.calls.policy import Post
from rencheng.response.calls.roster import duty_for
from rencheng.response.calls.stepping import Roll
from rencheng.store.calls.asks import reachable_people
from rencheng.store.calls.rosters import load_rosters
from rencheng.store.core.database import Connection, database_now


def roll_of(connection: Connection, posts: Iterable[Post], region: str, site_id: str, world: str, level: Level) -> Roll:
    """Look up who is on duty now for each post: in an exercise, too, those who have duty today.

    Whoever cannot be reached at this level and time counts as missing.
    """
    now = database_now(connection)
    rosters = load_rosters(connection, since=now, until=now)
    duties = {post: duty_for(rosters, post.role, post.rank, region, site_id, now) for post in dict.fromkeys(posts)}
    named = {duty.person_id for duty in duties.values() if duty.person_id is not None}
    reachable = reachable_people(connection, named, world, level)
    return {post: Candidate(post, duty, duty.person_id in reachable) for post, duty in duties.items()}
