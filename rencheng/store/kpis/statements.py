"""The SQL of the rows behind the key figures: district, name of the row, value, and for rates the part of the month.

The statements are put together from constants of this file. What a client gives is a parameter.
"""

# ruff: noqa: S608

from collections.abc import Mapping

_HERE = "{0}.world = :world AND {0}.region LIKE ANY(:asked) AND {0}.region LIKE ANY(:reach)"
_REGISTERED = "({0}.world <> 'actual' OR {0}.created_at < :until) AND coalesce({0}.retired_at > :since, true)"


def _hours(alias: str) -> str:
    """Return the number of whole hours of which an object could have readings."""
    created = f"CASE WHEN {alias}.world = 'actual' THEN {alias}.created_at END"
    begins = f"greatest(CAST(:since AS timestamptz), time_bucket('1 hour', {created}))"
    ends = "CAST(:until AS timestamptz)"
    if alias == "d":
        ends = f"least({ends}, date_trunc('hour', d.retired_at) + interval '1 hour')"
    return f"greatest(extract(epoch FROM {ends} - {begins}) / 3600, 0)"


def _share(n: str, alias: str) -> str:
    """Return the share of an object's hours; null if it has none."""
    hours = _hours(alias)
    return f"CASE WHEN {hours} > 0 THEN least({n} / {hours}, 1) END"


def _devices(value: str, kind: str, joins: str = "") -> str:
    return f"""
SELECT d.region, 'devices ' || d.device_id, CAST({value} AS double precision)
FROM devices AS d {joins} WHERE d.kind = '{kind}' AND {_HERE.format("d")} AND {_REGISTERED.format("d")}
"""


def _usable_hours(source: str) -> str:
    return f"""SELECT count(DISTINCT h.bucket) AS n FROM waterlogging_1h AS h
    WHERE {source} AND h.usable > 0 AND h.bucket >= :since AND h.bucket < :until"""


def _sites(value: str, joins: str = "", months: str = "", where: str = "true") -> str:
    return f"""
SELECT s.region, 'sites ' || s.site_id, CAST({value} AS double precision) {months}
FROM sites AS s {joins} WHERE {_HERE.format("s")} AND (s.world <> 'actual' OR s.created_at < :until) AND {where}
"""


_SIGNAL_HOURS = """LEFT JOIN LATERAL (SELECT count(DISTINCT h.bucket) AS n FROM signal_1h AS h
    WHERE h.device_id = d.device_id AND h.bucket >= :since AND h.bucket < :until) AS h ON true"""
_HEALTH = _share("h.n", "d")
_PATTERN = """LEFT JOIN LATERAL (SELECT parameter FROM signal_events AS e WHERE e.device_id = d.device_id
    AND e.event_id = 131 AND e.time >= :begins AND e.time < :ends ORDER BY e.time DESC LIMIT 1) AS p ON true"""
"""131 is the change of the coordination pattern in the enumerations of high-resolution controller events."""
_COVERED = f"""CASE WHEN p.parameter IS NOT NULL AND ({_HEALTH}) IS NOT NULL
    THEN CAST(p.parameter BETWEEN 1 AND 253 AND ({_HEALTH}) >= :has_data AS integer) END"""

_STATUS = """LEFT JOIN LATERAL (
    SELECT sum(e.lasts_s) AS known_s, sum(e.lasts_s) FILTER (WHERE e.status NOT IN ('Faulted', 'Unavailable')) AS up_s
    FROM (SELECT status, extract(epoch FROM
            coalesce(lead(time) OVER (PARTITION BY connector_id ORDER BY time), :until) - time) AS lasts_s
        FROM meter_values WHERE device_id = d.device_id AND measurand = 'status' AND time >= :since AND time < :until
    ) AS e) AS t ON true"""

_MONTHS = """, extract(epoch FROM CAST(:until AS timestamptz) - greatest(CAST(:since AS timestamptz),
    CASE WHEN s.world = 'actual' THEN s.created_at END)) / :month_s"""

_JUDGED = """
SELECT w.site_id, s.region, w.warning_id, CASE WHEN m.deepest_mm >= t.lowest_mm THEN 0
    WHEN w.closed_at IS NOT NULL AND m.deepest_mm IS NOT NULL THEN 1 END AS is_false
FROM warnings AS w JOIN sites AS s USING (site_id)
CROSS JOIN LATERAL (SELECT min(CAST(value ->> 'depth_mm' AS double precision)) AS lowest_mm
    FROM jsonb_each(s.profile -> 'thresholds')) AS t
CROSS JOIN LATERAL (
    SELECT max(CASE WHEN r.depth_mm > :dry_mm THEN r.depth_mm + b.lowest_point_height_mm ELSE r.depth_mm END)
        AS deepest_mm
    FROM bound AS b JOIN waterlogging_readings AS r USING (device_id)
    WHERE b.site_id = w.site_id AND b.role = 'depth' AND r.quality & :unusable = 0
        AND r.time BETWEEN w.opened_at - CAST(:look_back AS interval) AND coalesce(w.closed_at, 'infinity')) AS m
WHERE w.opened_at >= :begins AND w.opened_at < :ends AND """ + _HERE.format("s")

STATEMENTS: Mapping[str, str] = {
    "signal_timing_coverage": _devices(_COVERED, "signal", f"{_SIGNAL_HOURS} {_PATTERN}"),
    "signal_data_health": _devices(_HEALTH, "signal", _SIGNAL_HOURS),
    "charging_piles": _devices("1", "charging"),
    "charging_stations": _sites("1", where="s.site_type = 'charging_station'"),
    "charging_availability": _devices("coalesce(t.up_s, 0) / nullif(t.known_s, 0)", "charging", _STATUS),
    "points_watched": _sites("""CAST(EXISTS (SELECT FROM bound AS b JOIN devices AS d USING (device_id)
    WHERE b.site_id = s.site_id AND b.role = 'depth' AND d.retired_at IS NULL) AS integer)"""),
    "judged_time": _sites(
        _share("u.n", "s"),
        f"""LEFT JOIN LATERAL ({
            _usable_hours('''h.device_id IN (SELECT device_id FROM bound
        WHERE site_id = s.site_id AND role = 'depth')''')
        }) AS u ON true""",
    ),
    "gauge_availability": _devices(
        _share("u.n", "d"),
        "waterlogging",
        f"""JOIN bound AS b ON b.device_id = d.device_id AND b.role = 'depth'
        LEFT JOIN LATERAL ({_usable_hours("h.device_id = d.device_id")}) AS u ON true""",
    ),
    "false_alarm_share": f"SELECT region, 'warnings ' || warning_id, is_false FROM ({_JUDGED}) AS j",
    "false_alarms_site_month": _sites(
        "CASE WHEN j.unknown IS NULL OR j.unknown = 0 THEN coalesce(j.n, 0) END",
        f"""LEFT JOIN (SELECT site_id, sum(is_false) AS n, count(*) FILTER (WHERE is_false IS NULL) AS unknown
        FROM ({_JUDGED}) AS w GROUP BY 1) AS j USING (site_id)""",
        _MONTHS,
    ),
    "notices_site_month": _sites(
        """(SELECT count(*) FROM notices AS n WHERE n.world = s.world AND s.site_id = ANY(n.site_ids)
        AND n.issued_at >= :begins AND n.issued_at < :ends)""",
        "",
        _MONTHS,
    ),
}
"""The statements, by key figure. Those that are not here are computed from event reports."""
