"""Answer doubts: a person looked, and saw water or none."""

from rencheng.domain.doubt import DoubtAnswer, DoubtAnswerKind
from rencheng.domain.errors import NoLongerOpen, NotPossible
from rencheng.store.access import audit
from rencheng.store.core.database import Connection
from rencheng.store.core.sessions import Row
from rencheng.store.warnings.doubts import add_answer, find_answer, find_doubt, open_doubt


def answer_doubt(
    connection: Connection,
    doubt_id: str,
    kind: DoubtAnswerKind,
    *,
    by: str,
    note: str,
    actor: str,
    site_id: str | None = None,
) -> DoubtAnswer:
    """Record the answer to a doubt. The alert service applies it within seconds.

    Args:
        connection: the transaction.
        doubt_id: the doubt.
        kind: whether the person saw water.
        by: who looked; the warning names it.
        note: for the audit log.
        actor: who asks, for the audit log.
        site_id: the site that the doubt must be about; None: any.

    Raises:
        NotPossible: there is no such doubt at the site.
        NoLongerOpen: it is settled, or answered already.
    """
    doubt = find_doubt(connection, doubt_id)
    if doubt is None or site_id not in {None, doubt["topic"]}:
        at = f" at {site_id}" if site_id else ""
        raise NotPossible(f"there is no doubt {doubt_id}{at}; `rencheng site doubts` lists those in force")
    if not doubt["in_force"]:
        raise NoLongerOpen(_why_settled(connection, doubt))
    answer = DoubtAnswer(doubt["topic"], doubt["world"], doubt_id, kind, by)
    if not add_answer(connection, answer, note=note, made_by=actor):
        given = find_answer(connection, doubt_id)
        what = f"{given['kind']} by {given['seen_by']} at {given['made_at']:%Y-%m-%d %H:%M %Z}" if given else "given"
        raise NoLongerOpen(f"doubt {doubt_id} has an answer already ({what}); nothing was changed")
    detail = {"before": {"doubt": dict(doubt["doubt"])}, "after": {"answer": kind.value, "by": by, "note": note}}
    audit.record(connection, actor, f"doubt.{kind.value}", f"site {answer.site_id}", detail | {"doubt_id": doubt_id})
    return answer


def doubt_at(connection: Connection, site_id: str) -> str:
    """Return the doubt that is open at a site.

    Raises:
        NoLongerOpen: nothing is doubtful there.
    """
    doubt = open_doubt(connection, site_id)
    if doubt is None:
        raise NoLongerOpen(f"nothing is doubtful at {site_id} now; `rencheng site doubts` lists the doubts in force")
    return str(doubt["doubt_id"])


def _why_settled(connection: Connection, doubt: Row) -> str:
    outcome, newer = doubt["doubt"]["outcome"], open_doubt(connection, doubt["topic"])
    text = f"doubt {doubt['doubt_id']} was settled ({outcome}) at {doubt['issued_at']:%Y-%m-%d %H:%M %Z}"
    return f"{text}; the doubt in force is {newer['doubt_id']}" if newer else f"{text}; nothing is doubtful there now"
