-- Whoever rolls up a minute asks for all devices at a time; the natural keys answer by device. With the
-- trigger below this costs the writing of live readings a tenth (`make storage`).
CREATE INDEX waterlogging_readings_by_time ON waterlogging_readings (time);
CREATE INDEX signal_events_by_time ON signal_events (time);
CREATE INDEX meter_values_by_time ON meter_values (time);

-- What still has to be rolled up. A row is written by whoever changes readings, in the same transaction; the job takes it
-- away when the buckets that it names are right again. So where no row stands, the rollup equals its readings.
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

-- What was dropped on purpose.
CREATE TABLE storage_horizons (
    kind text NOT NULL,
    level text NOT NULL,
    dropped_before timestamptz NOT NULL,
    PRIMARY KEY (kind, level)
);

-- Live readings of a batch lie within a minute or two: one row names these, for all devices. A late one names its device
-- and its minutes, so that a pile which comes back with a day of readings costs its own day and nobody else's. When more
-- than a hundred come back in one statement, a row for all of them is cheaper, here and for the job.
-- Once a statement, not once a row: it reads what was stored, so that a reading that was known already touches nothing.
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

-- What was stored before there were rollups, a day a row.
INSERT INTO rollup_log (kind, level, begins, ends)
SELECT kind, '1min', day, day + interval '1 day'
FROM (
    SELECT 'waterlogging' AS kind, min(time) AS oldest, max(time) AS newest FROM waterlogging_readings
    UNION ALL SELECT 'signal', min(time), max(time) FROM signal_events
    UNION ALL SELECT 'charging', min(time), max(time) FROM meter_values
) AS held, generate_series(time_bucket('1 day', oldest), newest, interval '1 day') AS day;
