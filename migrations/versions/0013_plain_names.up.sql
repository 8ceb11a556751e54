-- Suppression: the reason why a message waits, in the words of alarm management (ISA-18.2, Alertmanager). The name of a
-- silence or a maintenance window stays as it is.
ALTER TABLE deliveries RENAME COLUMN held TO suppressed_by;
COMMENT ON COLUMN deliveries.suppressed_by
    IS 'throttled, never_notified, inhibited, or the silence or maintenance window; null: not suppressed';
UPDATE deliveries SET suppressed_by = CASE suppressed_by
    WHEN 'rate' THEN 'throttled'
    WHEN 'untold' THEN 'never_notified'
    WHEN 'red_region' THEN 'inhibited'
    ELSE suppressed_by
END WHERE suppressed_by IS NOT NULL;

-- Notices: a site without usable readings has no data.
UPDATE notices SET kind = 'no_data', topic = 'no_data' WHERE kind = 'blind';

-- Warnings as JSON: the reasons of a level. The CAP text stays as it was sent.
UPDATE warning_events SET document = jsonb_set(document, '{grounds}', (
    SELECT jsonb_object_agg(coalesce(names.after, field.key), field.value)
    FROM jsonb_each(document -> 'grounds') AS field
    LEFT JOIN (VALUES
        ('because', 'attribution'), ('witnesses', 'gauges'),
        ('armed_by_whom', 'armed_by_source'), ('stirred', 'rapid_rises_nearby'),
        ('supports', 'corroborates'), ('questions', 'contradicts'), ('soonest_s', 'earliest_s')
    ) AS names (before, after) ON names.before = field.key
)) WHERE jsonb_typeof(document -> 'grounds') = 'object' AND document -> 'grounds' <> '{}';
ALTER TABLE warning_events RENAME CONSTRAINT warning_events_said_once TO warning_events_identifier_is_unique;

-- Sites: a charger, because a pile is a heap or a foundation.
ALTER TABLE site_sensors DROP CONSTRAINT site_sensors_have_a_known_role;
UPDATE site_sensors SET role = 'charger' WHERE role = 'pile';
ALTER TABLE site_sensors ADD CONSTRAINT site_sensors_have_a_known_role
    CHECK (role IN ('depth', 'rain', 'signal', 'charger', 'pump'));
UPDATE warning_events SET document = replace(document::text, '"piles_offline"', '"chargers_offline"')::jsonb
    WHERE document::text LIKE '%"piles_offline"%';

-- Ingest: its writers, and the number of them that the operator asked for.
ALTER TABLE ingest_slots RENAME TO ingest_writers;
ALTER TABLE ingest_writers RENAME CONSTRAINT ingest_slots_pkey TO ingest_writers_pkey;
ALTER TABLE ingest_writers RENAME CONSTRAINT ingest_slots_is_one_row TO ingest_writers_is_one_row;
ALTER TABLE ingest_writers RENAME CONSTRAINT ingest_slots_are_some TO ingest_writers_are_some;
ALTER TABLE ingest_counts RENAME COLUMN worker TO writer;
ALTER TABLE ingest_progress RENAME COLUMN worker TO writer;
COMMENT ON COLUMN ingest_progress.committed_through IS 'all messages received up to this time are committed';
COMMENT ON COLUMN ingest_counts.unpacked
    IS 'readings that replays found in undecodable messages, beyond the one counted for each on receipt';

-- Rollups: a granularity, because a level is the colour of a warning.
ALTER TABLE rollup_log RENAME COLUMN level TO granularity;
ALTER TABLE storage_horizons RENAME COLUMN level TO granularity;
CREATE OR REPLACE FUNCTION log_touched_buckets() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    live timestamptz := time_bucket('1 minute', now() - interval '3 minutes');
    oldest timestamptz;
    oldest_live timestamptz;
    newest timestamptz;
BEGIN
    SELECT min(time), min(time) FILTER (WHERE time >= live), max(time) INTO oldest, oldest_live, newest FROM stored;
    IF newest >= live THEN
        INSERT INTO rollup_log (kind, granularity, begins, ends) VALUES (
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
        INSERT INTO rollup_log (kind, granularity, device_id, begins, ends)
        SELECT TG_ARGV[0], '1min', device_id, time_bucket('1 minute', touched.oldest),
            time_bucket('1 minute', touched.newest) + interval '1 minute'
        FROM touched;
    END IF;
    RETURN NULL;
END $$;

-- Columns of the quality tests and of quarantine.
COMMENT ON COLUMN series_flags.flags IS 'bits of Quality; a reading without a row has no flags';
COMMENT ON COLUMN series_states.evaluated_through IS 'readings up to this sample time are not evaluated again';
COMMENT ON COLUMN series_states.channels IS 'state of the quality tests, by channel';
COMMENT ON COLUMN quarantine.position IS 'index of the reading in the message, from 0; -1 for the whole message';
COMMENT ON COLUMN quarantine.replayed_as
    IS 'result of the replay: readings stored, duplicate, quarantined again, dropped';
COMMENT ON COLUMN site_sensors.device_id IS 'may be registered later';
COMMENT ON COLUMN maintenance.begins IS 'local time in Asia/Shanghai';
COMMENT ON COLUMN rain_signals.document IS 'as received';

-- Functions of the triggers that send a NOTIFY.
ALTER FUNCTION tell_devices_changed RENAME TO notify_any_device_changed;
ALTER FUNCTION tell_which_devices_changed RENAME TO notify_devices_changed;
ALTER FUNCTION tell_sites_changed RENAME TO notify_sites_changed;
ALTER FUNCTION tell_gateways_changed RENAME TO notify_gateways_changed;
ALTER FUNCTION tell_warning_events RENAME TO notify_warning_events;
ALTER FUNCTION announce_warning_events RENAME TO lock_warning_event_ids;
ALTER TRIGGER warning_events_announced ON warning_events RENAME TO warning_events_ids_locked;
ALTER TRIGGER warning_events_told ON warning_events RENAME TO warning_events_notified;
