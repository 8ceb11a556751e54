"""Messages and notices of an evaluator that commits at once, as a back-test does."""

from datetime import datetime

from rencheng.domain.reading import WaterReading
from rencheng.domain.warning import SiteNotice, WarningMessage
from rencheng.engine.evaluator import Evaluator


def messages_of(evaluator: Evaluator, reading: WaterReading, received_at: datetime) -> list[WarningMessage]:
    """Evaluate a reading, commit, and return the messages that follow."""
    return [one.message for one in evaluator.process_and_commit(reading, received_at) if one.message]


def messages_at(evaluator: Evaluator, now: datetime) -> list[WarningMessage]:
    """Advance the time, commit, and return the messages that follow."""
    return [evaluation.message for one in evaluator.tick(now) if (evaluation := evaluator.commit(one)).message]


def notices_of(evaluator: Evaluator, reading: WaterReading, received_at: datetime) -> list[SiteNotice]:
    """Evaluate a reading, commit, and return the notices that follow."""
    return [one.notice for one in evaluator.process_and_commit(reading, received_at) if one.notice]
