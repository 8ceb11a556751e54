SELECT combined.bucket, combined.device_id, combined.event_id, CAST(sum(combined.count) AS BIGINT) AS count
FROM (SELECT time_bucket(make_interval(secs=>3600.0), signal_1h.bucket) AS bucket, signal_1h.device_id AS device_id, signal_1h.event_id AS event_id, CAST(sum(signal_1h.count) AS BIGINT) AS count
FROM signal_1h
WHERE signal_1h.device_id IN ('D1') AND signal_1h.bucket >= '2026-07-01 00:00:00+00:00' AND signal_1h.bucket < '2026-07-01 01:00:00+00:00'
GROUP BY 1, 2, 3
UNION ALL
SELECT time_bucket(make_interval(secs=>3600.0), signal_events.time) AS bucket, signal_events.device_id AS device_id, signal_events.event_id AS event_id, count(*) AS count
FROM signal_events
WHERE signal_events.device_id IN ('D1') AND signal_events.time >= '2026-07-01 01:00:00+00:00' AND signal_events.time < '2026-07-01 02:00:00+00:00'
GROUP BY 1, 2, 3
UNION ALL
SELECT time_bucket(make_interval(secs=>3600.0), signal_1h.bucket) AS bucket, signal_1h.device_id AS device_id, signal_1h.event_id AS event_id, CAST(sum(signal_1h.count) AS BIGINT) AS count
FROM signal_1h
WHERE signal_1h.device_id IN ('D1') AND signal_1h.bucket >= '2026-07-01 02:00:00+00:00' AND signal_1h.bucket < '2026-07-01 03:00:00+00:00'
GROUP BY 1, 2, 3) AS combined
GROUP BY combined.bucket, combined.device_id, combined.event_id
ORDER BY combined.bucket, combined.device_id, combined.event_id
