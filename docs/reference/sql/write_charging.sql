-- create_staging
CREATE TEMPORARY TABLE staging_meter_values ON COMMIT DELETE ROWS AS
SELECT 0 AS ordinal, device_id, time, connector_id, transaction_id, measurand, value, status, error_code, quality, received_at
FROM meter_values WITH NO DATA;

-- copy_new
COPY meter_values (device_id, time, connector_id, transaction_id, measurand, value, status, error_code, quality, received_at)
FROM STDIN (FORMAT binary);

-- empty_staging
DELETE
FROM staging_meter_values;

-- copy_to_staging
COPY staging_meter_values (ordinal, device_id, time, connector_id, transaction_id, measurand, value, status, error_code, quality, received_at)
FROM STDIN (FORMAT binary);

-- merge
WITH stored AS (INSERT INTO meter_values (device_id, time, connector_id, transaction_id, measurand, value, status, error_code, quality, received_at)
SELECT device_id, time, connector_id, transaction_id, measurand, value, status, error_code, quality, received_at
FROM staging_meter_values
ORDER BY ordinal
ON CONFLICT DO NOTHING
RETURNING device_id, time, connector_id, transaction_id, measurand)
SELECT s.ordinal
FROM staging_meter_values s
WHERE NOT EXISTS (SELECT
FROM stored
WHERE stored.device_id = s.device_id AND stored.time = s.time AND stored.connector_id = s.connector_id AND stored.transaction_id = s.transaction_id AND stored.measurand = s.measurand);

-- compare
SELECT s.ordinal, ROW(s.value, s.status, s.error_code) IS NOT DISTINCT
FROM ROW(t.value, t.status, t.error_code)
FROM staging_meter_values s JOIN meter_values t ON s.device_id = t.device_id AND s.time = t.time AND s.connector_id = t.connector_id AND s.transaction_id = t.transaction_id AND s.measurand = t.measurand
WHERE s.ordinal = ANY(%s);
