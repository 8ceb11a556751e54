"""How many warning messages and notices were issued, and how many that is in a site's month."""

from collections import Counter
from collections.abc import Iterable, Iterator

from rencheng.backtest.replay import Issued, IssuedMessage


class IssuedCounts:
    """The numbers of warning messages by type, and of notices by kind."""

    def __init__(self) -> None:
        self.messages: Counter[str] = Counter()
        self.notices: Counter[str] = Counter()

    def counted(self, issued: Iterable[Issued]) -> Iterator[Issued]:
        """Yield what was issued, and count it."""
        for one in issued:
            if isinstance(one, IssuedMessage):
                self.messages[one.message.message_type.value.lower()] += 1
            else:
                self.notices[one.notice.kind.value] += 1
            yield one

    def text(self, site_months: float) -> str:
        """Return the counts as a phrase for a report, such as "4 messages (alert 2, update 2; 1.2 a site-month)"."""
        return "; ".join(
            (_phrase("messages", self.messages, site_months), _phrase("notices", self.notices, site_months))
        )


def _phrase(what: str, counts: Counter[str], site_months: float) -> str:
    details = ", ".join(f"{kind} {number:,}" for kind, number in sorted(counts.items()))
    rate = f"{counts.total() / site_months:,.1f} a site-month" if site_months > 0 else ""
    inside = "; ".join(filter(None, (details, rate)))
    return f"{counts.total():,} {what}" + (f" ({inside})" if inside else "")
