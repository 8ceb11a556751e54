-- create_staging
CREATE TEMPORARY TABLE staging_waterlogging_readings ON COMMIT DELETE ROWS AS
SELECT 0 AS ordinal, device_id, time, channel, depth_mm, rain_mm, raw_distance_mm, mode, battery_v, rssi_dbm, snr_db, tilt_deg, temperature_c, sequence, error_flags, quality, received_at
FROM waterlogging_readings WITH NO DATA;

-- copy_new
COPY waterlogging_readings (device_id, time, channel, depth_mm, rain_mm, raw_distance_mm, mode, battery_v, rssi_dbm, snr_db, tilt_deg, temperature_c, sequence, error_flags, quality, received_at)
FROM STDIN (FORMAT binary);

-- empty_staging
DELETE
FROM staging_waterlogging_readings;

-- copy_to_staging
COPY staging_waterlogging_readings (ordinal, device_id, time, channel, depth_mm, rain_mm, raw_distance_mm, mode, battery_v, rssi_dbm, snr_db, tilt_deg, temperature_c, sequence, error_flags, quality, received_at)
FROM STDIN (FORMAT binary);

-- merge
WITH stored AS (INSERT INTO waterlogging_readings (device_id, time, channel, depth_mm, rain_mm, raw_distance_mm, mode, battery_v, rssi_dbm, snr_db, tilt_deg, temperature_c, sequence, error_flags, quality, received_at)
SELECT device_id, time, channel, depth_mm, rain_mm, raw_distance_mm, mode, battery_v, rssi_dbm, snr_db, tilt_deg, temperature_c, sequence, error_flags, quality, received_at
FROM staging_waterlogging_readings
ORDER BY ordinal
ON CONFLICT DO NOTHING
RETURNING device_id, time, channel)
SELECT s.ordinal
FROM staging_waterlogging_readings s
WHERE NOT EXISTS (SELECT
FROM stored
WHERE stored.device_id = s.device_id AND stored.time = s.time AND stored.channel = s.channel);

-- compare
SELECT s.ordinal, ROW(s.depth_mm, s.rain_mm, s.raw_distance_mm, s.mode, s.battery_v, s.rssi_dbm, s.snr_db, s.tilt_deg, s.temperature_c, s.sequence, s.error_flags) IS NOT DISTINCT
FROM ROW(t.depth_mm, t.rain_mm, t.raw_distance_mm, t.mode, t.battery_v, t.rssi_dbm, t.snr_db, t.tilt_deg, t.temperature_c, t.sequence, t.error_flags)
FROM staging_waterlogging_readings s JOIN waterlogging_readings t ON s.device_id = t.device_id AND s.time = t.time AND s.channel = t.channel
WHERE s.ordinal = ANY(%s);
