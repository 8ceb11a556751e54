"""Migration 0014 adds from when on a site has no data, and keeps the states that were saved before."""

from datetime import UTC, datetime

from sqlalchemy import Engine, text

import migrations
from rencheng.domain.no_data import Monitoring, NoDataReason
from rencheng.store.registry.monitoring import load_monitoring

WATERMARK = datetime(2026, 7, 20, 8, 0, tzinfo=UTC)
FILL = """
INSERT INTO regions VALUES ('370102', '历下区', 'Lixia');
INSERT INTO sites (site_id, name_zh, name_en, site_type, region, world, latitude, longitude, radius_m, profile)
    VALUES ('A', '甲', 'A', 'road', '370102', 'actual', 36.6, 117.0, 200, '{}');
INSERT INTO site_states (site_id, snapshot, watermark) VALUES ('A', '{"v": 3}', '2026-07-20T08:00:00Z');
"""


def test_a_state_of_before_counts_as_silent_until_it_is_saved_again(engine: Engine, empty_url: str) -> None:
    migrations.upgrade(empty_url, "0013")
    with engine.begin() as connection:
        connection.execute(text(FILL))
    migrations.upgrade(empty_url, "0014")
    with engine.begin() as connection:
        [found] = load_monitoring(connection, {"A": "actual"}).values()
    assert found.site == Monitoring(has_data=False, reason=NoDataReason.SILENT, since=WATERMARK.replace(minute=15))
    migrations.downgrade(empty_url, "0013")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT snapshot FROM site_states")).scalar_one() == {"v": 3}
