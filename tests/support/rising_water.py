"""Warnings of sites whose water rises, rendered, and the records that change with them."""

from datetime import timedelta

from rencheng.cap.render import render
from rencheng.domain.outgoing import RenderedWarning
from rencheng.domain.topic import warning_topic
from rencheng.engine.evaluator import Evaluator
from rencheng.engine.record import SiteRecord
from rencheng.messages.warning_json import warning_document
from rencheng.text.sentences import compose
from tests.support.alert_database import quick_site
from tests.support.cap_messages import PUBLISHER
from tests.support.evaluation import messages_of
from tests.support.gauge_play import reading


class RisingWater:
    """Sites by their numbers, and an evaluator that commits at once."""

    def __init__(self, *numbers: int) -> None:
        self.evaluator = Evaluator()
        self.evaluator.set_sites({f"S{number}": quick_site(number) for number in numbers})

    def rise(self, number: int, minute: float, depth_mm: float) -> tuple[RenderedWarning, dict[str, SiteRecord]]:
        """Raise the water of a site; return the warning that follows, and the records that changed."""
        one = reading(minute, depth_mm, f"G{number}")
        [message] = messages_of(self.evaluator, one, one.time + timedelta(seconds=1))
        site = self.evaluator.sites[message.site_id]
        composed = compose(message, site, PUBLISHER)
        warning = RenderedWarning(
            message,
            dict(warning_document(composed)),
            render(composed),
            warning_topic(site.region, site.site_id, site.world),
            trace_id=f"trace-{number}-{minute:g}",
        )
        return warning, self.evaluator.dirty_records()
