-- A refresh of a minute reads all devices, but the natural keys are ordered by device. These indexes and the trigger
-- below cost a tenth of the write throughput (`make storage`).
CREATE INDEX waterlogging_readings_by_time ON waterlogging_readings (time);
CREATE INDEX signal_events_by_time ON signal_events (time);
CREATE INDEX meter_values_by_time ON meter_values (time);

-- The log of stale buckets. A row is written in the transaction that changes readings, and deleted by the job after it has
-- refreshed the buckets. Where the log has no row, the rollup equals its readings.
CREATE TABLE rollup_log (
    entry_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    level text NOT NULL,
    device_id text,
    begins timestamptz NOT NULL,
    ends timestamptz NOT NULL,
    CONSTRAINT rollup_log_has_length CHECK (begins < ends)
);
COMMENT ON COLUMN rollup_log.device_id IS 'null: any device';
CREATE INDEX rollup_log_by_time ON rollup_log (level, kind, begins);

-- The times before which data was dropped by retention.
CREATE TABLE storage_horizons (
    kind text NOT NULL,
    level text NOT NULL,
    dropped_before timestamptz NOT NULL,
    PRIMARY KEY (kind, level)
);

-- Live readings of a batch are within a minute or two: one row covers them for all devices. A late reading adds a row for
-- its device and minutes, so that a charger that sends a day of readings late costs a refresh of its own day only. With
-- more than a hundred late devices in one statement, one row for all of them is cheaper.
-- Once per statement: it reads the stored rows, so that a duplicate marks nothing.
CREATE FUNCTION log_touched_buckets() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    live timestamptz := time_bucket('1 minute', now() - interval '3 minutes');
    oldest timestamptz;
    oldest_live timestamptz;
    newest timestamptz;
BEGIN
    SELECT min(time), min(time) FILTER (WHERE time >= live), max(time) INTO oldest, oldest_live, newest FROM stored;
    IF newest >= live THEN
        INSERT INTO rollup_log (kind, level, begins, ends) VALUES (
            TG_ARGV[0], '1min', time_bucket('1 minute', oldest_live), time_bucket('1 minute', newest) + interval '1 minute'
        );
    END IF;
    IF oldest < live THEN
        WITH late AS (
            SELECT device_id, time_bucket('1 hour', time) AS hour, min(time) AS oldest, max(time) AS newest
            FROM stored WHERE time < live GROUP BY 1, 2
        ), hours AS (
            SELECT hour, count(*) > 100 AS all_devices, min(late.oldest) AS oldest, max(late.newest) AS newest
            FROM late GROUP BY 1
        ), touched AS (
            SELECT NULL AS device_id, hours.oldest, hours.newest FROM hours WHERE all_devices
            UNION ALL
            SELECT device_id, late.oldest, late.newest FROM late JOIN hours USING (hour) WHERE NOT all_devices
        )
        INSERT INTO rollup_log (kind, level, device_id, begins, ends)
        SELECT TG_ARGV[0], '1min', device_id, time_bucket('1 minute', touched.oldest),
            time_bucket('1 minute', touched.newest) + interval '1 minute'
        FROM touched;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER touched AFTER INSERT ON waterlogging_readings REFERENCING NEW TABLE AS stored
    FOR EACH STATEMENT EXECUTE FUNCTION log_touched_buckets('waterlogging');
CREATE TRIGGER touched AFTER INSERT ON signal_events REFERENCING NEW TABLE AS stored
    FOR EACH STATEMENT EXECUTE FUNCTION log_touched_buckets('signal');
CREATE TRIGGER touched AFTER INSERT ON meter_values REFERENCING NEW TABLE AS stored
    FOR EACH STATEMENT EXECUTE FUNCTION log_touched_buckets('charging');

-- Readings stored before the rollups existed, one row per day.
INSERT INTO rollup_log (kind, level, begins, ends)
SELECT kind, '1min', day, day + interval '1 day'
FROM (
    SELECT 'waterlogging' AS kind, min(time) AS oldest, max(time) AS newest FROM waterlogging_readings
    UNION ALL SELECT 'signal', min(time), max(time) FROM signal_events
    UNION ALL SELECT 'charging', min(time), max(time) FROM meter_values
) AS held, generate_series(time_bucket('1 day', oldest), newest, interval '1 day') AS day;
