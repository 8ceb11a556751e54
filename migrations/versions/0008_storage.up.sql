-- Whoever rolls up a minute asks for all devices at a time; the natural keys answer by device. Costs ingest's statement some
-- 5 to 10 % (benchmarks/storage).
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

-- Live readings of a batch lie within a minute or two: one row names them, for all devices. A late one names its device and
-- its hour, so that a pile which comes back with a day of readings costs its own day and nobody else's. When a hundred
-- come back in one statement, a row for all of them is cheaper, here and for the job.
-- Once a statement, not once a row: it reads what was stored, so that a reading that was known already touches nothing.
CREATE FUNCTION log_touched_buckets() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    live timestamptz := time_bucket('1 minute', now() - interval '10 minutes');
    oldest timestamptz;
    newest timestamptz;
BEGIN
    SELECT min(time), max(time) INTO oldest, newest FROM stored;
    IF newest >= live THEN
        INSERT INTO rollup_log (kind, level, begins, ends) VALUES (
            TG_ARGV[0], '1min', time_bucket('1 minute', greatest(oldest, live)),
            time_bucket('1 minute', newest) + interval '1 minute'
        );
    END IF;
    IF oldest < live THEN
        INSERT INTO rollup_log (kind, level, device_id, begins, ends)
        SELECT DISTINCT TG_ARGV[0], '1min', CASE WHEN devices <= 100 THEN device_id END, hour,
            least(hour + interval '1 hour', live)
        FROM (
            SELECT device_id, time_bucket('1 hour', time) AS hour,
                count(*) OVER (PARTITION BY time_bucket('1 hour', time)) AS devices
            FROM stored WHERE time < live GROUP BY 1, 2
        ) AS late;
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
