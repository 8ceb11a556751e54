"""One row that cannot be read hides no silence, no rain signal and no forecast."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from rencheng.domain.mute import MuteScope, Silence
from rencheng.store.warnings.mutes import add_mute
from tests.alerts.conftest import MakeGauge
from tests.support.alert_database import quick_site, register_sites, rows
from tests.support.polling import eventually
from tests.support.services import SubscribingService

SILENCE = "INSERT INTO silences (world, site_id, up_to, reason, made_by, begins_at, ends_at) VALUES "
FORECAST = "INSERT INTO rain_forecasts (world, region, source, issued_at, rain_mm, valid_from, valid_to) VALUES "
SIGNAL = (
    'INSERT INTO rain_signals (identifier, world, sender, message_type, level, regions, "references", headline, status,'
    " document, sent_at, effective_at, expires_at) VALUES "
)
WINDOW = (
    "INSERT INTO maintenance (world, site_id, up_to, reason, made_by, weekdays, lasts_s, begins, first_day, last_day)"
    " VALUES "
)
BAD_ROWS = {
    "year 10000": FORECAST + "('actual', '370102', 'x', now(), 1, now(), '10000-01-01 11:59:59+00')",
    "forecast to infinity": FORECAST + "('actual', '370102', 'z', now(), 1, now(), 'infinity')",
    "not a number": FORECAST + "('actual', '370102', 'y', now(), 'NaN', now(), now() + interval '1 hour')",
    "silence for ever": SILENCE + "('actual', 'S2', 1, 'x', 'x', now(), 'infinity')",
    "silence before Christ": SILENCE + "('actual', 'S2', 1, 'x', 'x', '0044-03-15 BC', now() + interval '1 hour')",
    "no such level": SILENCE + "('actual', 'S2', 9, 'x', 'x', now(), now() + interval '1 hour')",
    "no such message type": SIGNAL
    + "('W', 'actual', 's', 'Ack', 4, '{370102}', '{}', '', 'Actual', '', now(), now(), now() + interval '1 hour')",
    "signal for ever": SIGNAL
    + "('V', 'actual', 's', 'Alert', 4, '{370102}', '{}', '', 'Actual', '', now(), now(), '20000-01-01')",
    "an hour after midnight": WINDOW + "('actual', 'S2', 1, 'x', 'x', '{0}', 60, '24:00', '2026-01-01', NULL)",
    "a day without end": WINDOW + "('actual', 'S2', 1, 'x', 'x', '{0}', 60, '10:00', '-infinity', 'infinity')",
}


def test_a_silence_is_obeyed_beside_rows_that_cannot_be_read(
    alerts: SubscribingService, gauge: MakeGauge, database: Engine
) -> None:
    register_sites(database, quick_site(1), quick_site(3))
    now = datetime.now(UTC)
    with database.begin() as connection:
        for bad in BAD_ROWS.values():
            connection.execute(text(bad))
        silence = Silence("", MuteScope(site_id="S1"), Level.RED, now, now + timedelta(hours=1), "x")
        add_mute(connection, silence, "a test")
    alerts.start()
    for name in ("G1", "G3"):
        gauge(name).send(450, 60)

    eventually(lambda: rows(database, "SELECT DISTINCT site_id FROM warnings ORDER BY 1"), [("S1",), ("S3",)])
    suppressed = (
        "SELECT DISTINCT site_id FROM deliveries JOIN warning_events USING (event_id) JOIN warnings USING (warning_id)"
        " WHERE suppressed_by LIKE 'silence-%'"
    )
    eventually(lambda: rows(database, suppressed), [("S1",)])
    assert alerts.output().count("row cannot be read") == len(BAD_ROWS)
