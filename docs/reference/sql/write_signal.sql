-- create_staging
CREATE TEMPORARY TABLE staging_signal_events ON COMMIT DELETE ROWS AS
SELECT 0 AS ordinal, device_id, time, event_id, parameter, quality, received_at
FROM signal_events WITH NO DATA;

-- copy_new
COPY signal_events (device_id, time, event_id, parameter, quality, received_at)
FROM STDIN (FORMAT binary);

-- empty_staging
DELETE
FROM staging_signal_events;

-- copy_to_staging
COPY staging_signal_events (ordinal, device_id, time, event_id, parameter, quality, received_at)
FROM STDIN (FORMAT binary);

-- merge
WITH stored AS (INSERT INTO signal_events (device_id, time, event_id, parameter, quality, received_at)
SELECT device_id, time, event_id, parameter, quality, received_at
FROM staging_signal_events
ORDER BY ordinal
ON CONFLICT DO NOTHING
RETURNING device_id, time, event_id, parameter)
SELECT s.ordinal
FROM staging_signal_events s
WHERE NOT EXISTS (SELECT
FROM stored
WHERE stored.device_id = s.device_id AND stored.time = s.time AND stored.event_id = s.event_id AND stored.parameter = s.parameter);

-- compare
SELECT s.ordinal, true
FROM staging_signal_events s JOIN signal_events t ON s.device_id = t.device_id AND s.time = t.time AND s.event_id = t.event_id AND s.parameter = t.parameter
WHERE s.ordinal = ANY(%s);
