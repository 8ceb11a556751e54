#!/usr/bin/env python3
"""Write the dashboards of Grafana: `python deploy/grafana/make_dashboards.py [--check]`.

Each panel is a query of PostgreSQL with Grafana's macros. Grafana loads the JSON files; nobody edits them there.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "dashboards"
SOURCE = {"type": "grafana-postgresql-datasource", "uid": "rencheng"}
"""The data source of `provisioning/datasources/rencheng.yml`."""

WIDTH, HEIGHT = 24, 8
"""Grafana's grid has 24 columns."""

LEVELS = {"1": ("蓝 blue", "blue"), "2": ("黄 yellow", "yellow"), "3": ("橙 orange", "orange"), "4": ("红 red", "red")}


def panel(kind: str, title: str, query: str, *, unit: str = "none", width: int = 12) -> dict[str, Any]:
    """Return a panel without its place. `kind` is Grafana's name of the type of panel, such as `timeseries`."""
    form = "time_series" if kind == "timeseries" else "table"
    target = {"refId": "A", "datasource": SOURCE, "editorMode": "code", "rawQuery": True, "format": form}
    mappings = [
        {"type": "value", "options": {key: {"text": name, "color": colour}}} for key, (name, colour) in LEVELS.items()
    ]
    levels = {
        "matcher": {"id": "byName", "options": "level"},
        "properties": [
            {"id": "mappings", "value": mappings},
            {"id": "custom.cellOptions", "value": {"type": "color-background"}},
        ],
    }
    return {
        "type": kind,
        "title": title,
        "datasource": SOURCE,
        "targets": [target | {"rawSql": query}],
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": [levels] if kind == "table" else []},
        "width": width,
    }


def variable(name: str, label: str, query: str) -> dict[str, Any]:
    """Return a choice above the panels."""
    return {
        "type": "query",
        "name": name,
        "label": label,
        "datasource": SOURCE,
        "query": query,
        "refresh": 1,
        "sort": 1,
    }


def dashboard(
    uid: str, title: str, panels: Sequence[Mapping[str, Any]], variables: Sequence[Mapping[str, Any]] = ()
) -> dict[str, Any]:
    """Return a dashboard with its panels side by side, row after row."""
    placed, x, y = list[dict[str, Any]](), 0, 0
    for number, each in enumerate(panels, 1):
        rest = dict(each)
        width = rest.pop("width")
        if x + width > WIDTH:
            x, y = 0, y + HEIGHT
        placed.append({"id": number, "gridPos": {"x": x, "y": y, "w": width, "h": HEIGHT}, **rest})
        x += width
    return {
        "uid": uid,
        "title": title,
        "tags": ["rencheng"],
        "timezone": "Asia/Shanghai",
        "schemaVersion": 39,
        "refresh": "30s",
        "time": {"from": "now-24h", "to": "now"},
        "editable": False,
        "templating": {"list": list(variables)},
        "panels": placed,
    }


REGION = variable(
    "region", "区域 region", "SELECT region AS __value, name_zh || ' ' || name_en AS __text FROM regions ORDER BY 1"
)
SITE = variable(
    "site",
    "点位 site",
    "SELECT site_id AS __value, name_zh || ' ' || name_en AS __text FROM sites WHERE world = 'actual' ORDER BY 2",
)

CITY = dashboard(
    "rencheng-city",
    "韧城 城市 · city",
    [
        panel(
            "stat",
            "生效预警 warnings in force",
            """
            SELECT count(*) AS warnings FROM warnings w JOIN sites s USING (site_id)
            WHERE w.world = 'actual' AND w.closed_at IS NULL
                AND s.region LIKE '${region}%'""",
            width=6,
        ),
        panel(
            "stat",
            "无数据点位 sites without data",
            """
            SELECT count(*) AS sites FROM sites s LEFT JOIN site_states t USING (site_id)
            WHERE s.world = 'actual' AND (t.no_data_from IS NULL OR t.no_data_from <= now())
                AND s.region LIKE '${region}%'""",
            width=6,
        ),
        panel(
            "timeseries",
            "各级预警 warnings by level",
            """
            SELECT $__timeGroup(w.opened_at, '1h') AS time, count(*) AS warnings, w.peak_level::text AS metric
            FROM warnings w JOIN sites s USING (site_id)
            WHERE w.world = 'actual' AND $__timeFilter(w.opened_at)
                AND s.region LIKE '${region}%' GROUP BY 1, 3 ORDER BY 1""",
        ),
        panel(
            "table",
            "预警 warnings",
            """
            SELECT w.level, s.name_zh AS site, s.site_type, w.opened_at, w.closed_at, w.warning_id
            FROM warnings w JOIN sites s USING (site_id)
            WHERE w.world = 'actual' AND (w.closed_at IS NULL OR $__timeFilter(w.opened_at))
                AND s.region LIKE '${region}%'
            ORDER BY w.closed_at IS NOT NULL, w.level DESC, w.opened_at DESC LIMIT 200""",
            width=WIDTH,
        ),
        panel(
            "table",
            "最深积水 deepest water",
            """
            SELECT s.name_zh AS site, r.device_id, max(r.depth_mm_max) AS depth_mm, max(r.bucket) AS latest
            FROM waterlogging_1min r JOIN site_sensors n USING (device_id) JOIN sites s USING (site_id)
            WHERE s.world = 'actual' AND $__timeFilter(r.bucket)
                AND s.region LIKE '${region}%'
            GROUP BY 1, 2 HAVING max(r.depth_mm_max) > 0 ORDER BY 3 DESC LIMIT 50""",
        ),
        panel(
            "table",
            "监测通知 notices",
            """
            SELECT issued_at, kind, text_zh, text_en FROM notices
            WHERE world = 'actual' AND $__timeFilter(issued_at) ORDER BY issued_at DESC LIMIT 100""",
        ),
    ],
    [REGION],
)

PLACE = dashboard(
    "rencheng-site",
    "韧城 点位 · site",
    [
        panel(
            "timeseries",
            "水深 depth",
            """
            SELECT $__timeGroup(r.bucket, $__interval) AS time, max(r.depth_mm_max) AS depth_mm,
                r.device_id || '/' || r.channel AS metric
            FROM waterlogging_1min r WHERE r.device_id IN (
                SELECT device_id FROM site_sensors WHERE site_id = '${site}' AND role = 'depth'
            ) AND $__timeFilter(r.bucket)
            GROUP BY 1, 3 ORDER BY 1""",
            unit="lengthmm",
            width=WIDTH,
        ),
        panel(
            "timeseries",
            "雨量 rain",
            """
            SELECT $__timeGroup(r.bucket, $__interval) AS time, sum(r.rain_mm) AS rain_mm, r.device_id AS metric
            FROM waterlogging_1min r JOIN site_sensors n USING (device_id)
            WHERE n.site_id = '${site}' AND r.rain_mm IS NOT NULL AND $__timeFilter(r.bucket)
            GROUP BY 1, 3 ORDER BY 1""",
            unit="lengthmm",
        ),
        panel(
            "timeseries",
            "可用读数比例 usable readings",
            """
            SELECT $__timeGroup(r.bucket, '1h') AS time, sum(r.usable)::float / sum(r.count) AS usable,
                r.device_id AS metric
            FROM waterlogging_1h r WHERE r.device_id IN (
                SELECT device_id FROM site_sensors WHERE site_id = '${site}' AND role = 'depth'
            ) AND $__timeFilter(r.bucket)
            GROUP BY 1, 3 ORDER BY 1""",
            unit="percentunit",
        ),
        panel(
            "table",
            "预警信息 messages",
            """
            SELECT e.issued_at, e.level, e.message_type, e.identifier
            FROM warning_events e JOIN warnings w USING (warning_id)
            WHERE w.site_id = '${site}' AND $__timeFilter(e.issued_at) ORDER BY e.event_id DESC LIMIT 200""",
        ),
        panel(
            "table",
            "阈值 thresholds",
            """
            SELECT version, made_by, profile FROM site_profiles
            WHERE site_id = '${site}' ORDER BY version DESC LIMIT 20""",
        ),
    ],
    [SITE],
)

PLATFORM = dashboard(
    "rencheng-platform",
    "韧城 平台 · platform",
    [
        panel("table", "服务 services", """
            SELECT part, instance, at, now() - at AS age, has_stopped, version, figures
            FROM heartbeats ORDER BY part, instance""",
            width=WIDTH),
        panel("timeseries", "读数账目 account of readings", """
            SELECT day::timestamptz AS time, sum(stored) AS stored, sum(duplicate) AS duplicate,
                sum(quarantined) AS quarantined
            FROM ingest_counts WHERE $__timeFilter(day) GROUP BY 1 ORDER BY 1"""),
        panel("table", "隔离区 quarantine", """
            SELECT reason, kind, count(DISTINCT device_id) AS devices, sum(times) AS messages
            FROM quarantine WHERE $__timeFilter(last_received_at) GROUP BY 1, 2 ORDER BY 4 DESC"""),
        panel("timeseries", "发送 dispatches by state", """
            SELECT $__timeGroup(due_at, '5m') AS time, count(*) AS dispatches, state AS metric
            FROM dispatches WHERE $__timeFilter(due_at) GROUP BY 1, 3 ORDER BY 1"""),
        panel("timeseries", "预警送达用时 delivery of warnings", """
            SELECT $__timeGroup(e.issued_at, '5m') AS time,
                percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM d.delivered_at - e.issued_at)) AS p50,
                percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM d.delivered_at - e.issued_at)) AS p90
            FROM deliveries d JOIN warning_events e USING (event_id)
            WHERE d.delivered_at IS NOT NULL AND $__timeFilter(e.issued_at) GROUP BY 1 ORDER BY 1""", unit="s"),
        panel("table", "叫应 calls", """
            SELECT c.level, s.name_zh AS site, c.state, c.round, c.ended_by, c.changed_at
            FROM calls c JOIN warnings w USING (warning_id) JOIN sites s USING (site_id)
            WHERE $__timeFilter(c.changed_at) ORDER BY c.changed_at DESC LIMIT 100"""),
        panel("table", "处置 incidents", """
            SELECT i.level, s.name_zh AS site, i.opened_at, i.cleared_at, i.reopened_at
            FROM incidents i JOIN sites s USING (site_id)
            WHERE $__timeFilter(i.opened_at) ORDER BY i.opened_at DESC LIMIT 100"""),
    ],
)  # fmt: skip

DASHBOARDS = (CITY, PLACE, PLATFORM)


def file_of(dashboard: Mapping[str, Any]) -> tuple[Path, str]:
    """Return where a dashboard is written, and the text."""
    name = dashboard["uid"].removeprefix("rencheng-")
    return FOLDER / f"{name}.json", json.dumps(dashboard, indent=1, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write the files, or with `--check` name those that are not current."""
    stale = [path for path, text in map(file_of, DASHBOARDS) if not path.exists() or path.read_text("utf-8") != text]
    if "--check" in arguments:
        sys.stderr.writelines(f"{path.name} is not current\n" for path in stale)
        return 1 if stale else 0
    for path, text in map(file_of, DASHBOARDS):
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
