ALTER TRIGGER warning_events_notified ON warning_events RENAME TO warning_events_told;
ALTER TRIGGER warning_events_ids_locked ON warning_events RENAME TO warning_events_announced;
ALTER FUNCTION lock_warning_event_ids RENAME TO announce_warning_events;
ALTER FUNCTION notify_warning_events RENAME TO tell_warning_events;
ALTER FUNCTION notify_gateways_changed RENAME TO tell_gateways_changed;
ALTER FUNCTION notify_sites_changed RENAME TO tell_sites_changed;
ALTER FUNCTION notify_devices_changed RENAME TO tell_which_devices_changed;
ALTER FUNCTION notify_any_device_changed RENAME TO tell_devices_changed;

COMMENT ON COLUMN rain_signals.document IS 'as it came';
COMMENT ON COLUMN maintenance.begins IS 'on the clocks of Asia/Shanghai';
COMMENT ON COLUMN site_sensors.device_id IS 'need not be registered yet';
COMMENT ON COLUMN quarantine.replayed_as IS 'what became of it: readings stored, duplicate, quarantined again, dropped';
COMMENT ON COLUMN quarantine.position IS 'which reading of the message, from 0; -1 for the whole message';
COMMENT ON COLUMN series_states.channels IS 'what the tests remember, by channel';
COMMENT ON COLUMN series_states.evaluated_through IS 'no reading up to this sample time is looked at again';
COMMENT ON COLUMN series_flags.flags IS 'bits of Quality; a reading without a row: nothing found';

ALTER TABLE storage_horizons RENAME COLUMN granularity TO level;
ALTER TABLE rollup_log RENAME COLUMN granularity TO level;
CREATE OR REPLACE FUNCTION log_touched_buckets() RETURNS trigger LANGUAGE plpgsql AS $$
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

COMMENT ON COLUMN ingest_counts.unpacked
    IS 'by how much replays raised the number of received readings: what could not be read counted one';
COMMENT ON COLUMN ingest_progress.committed_through IS 'everything that the worker had received by then is committed';
ALTER TABLE ingest_progress RENAME COLUMN writer TO worker;
ALTER TABLE ingest_counts RENAME COLUMN writer TO worker;
ALTER TABLE ingest_writers RENAME CONSTRAINT ingest_writers_are_some TO ingest_slots_are_some;
ALTER TABLE ingest_writers RENAME CONSTRAINT ingest_writers_is_one_row TO ingest_slots_is_one_row;
ALTER TABLE ingest_writers RENAME CONSTRAINT ingest_writers_pkey TO ingest_slots_pkey;
ALTER TABLE ingest_writers RENAME TO ingest_slots;

ALTER TABLE warning_events RENAME CONSTRAINT warning_events_identifier_is_unique TO warning_events_said_once;
UPDATE warning_events SET document = jsonb_set(document, '{grounds}', (
    SELECT jsonb_object_agg(coalesce(names.after, field.key), field.value)
    FROM jsonb_each(document -> 'grounds') AS field
    LEFT JOIN (VALUES
        ('attribution', 'because'), ('gauges', 'witnesses'),
        ('armed_by_source', 'armed_by_whom'), ('rapid_rises_nearby', 'stirred'),
        ('corroborates', 'supports'), ('contradicts', 'questions'), ('earliest_s', 'soonest_s')
    ) AS names (before, after) ON names.before = field.key
)) WHERE jsonb_typeof(document -> 'grounds') = 'object' AND document -> 'grounds' <> '{}';

UPDATE notices SET kind = 'blind', topic = 'blind' WHERE kind = 'no_data';

UPDATE deliveries SET suppressed_by = CASE suppressed_by
    WHEN 'throttled' THEN 'rate'
    WHEN 'never_notified' THEN 'untold'
    WHEN 'inhibited' THEN 'red_region'
    ELSE suppressed_by
END WHERE suppressed_by IS NOT NULL;
COMMENT ON COLUMN deliveries.suppressed_by IS 'why storm control holds it back; null if it does not';
ALTER TABLE deliveries RENAME COLUMN suppressed_by TO held;

UPDATE warning_events SET document = replace(document::text, '"chargers_offline"', '"piles_offline"')::jsonb
    WHERE document::text LIKE '%"chargers_offline"%';
ALTER TABLE site_sensors DROP CONSTRAINT site_sensors_have_a_known_role;
UPDATE site_sensors SET role = 'pile' WHERE role = 'charger';
ALTER TABLE site_sensors ADD CONSTRAINT site_sensors_have_a_known_role
    CHECK (role IN ('depth', 'rain', 'signal', 'pile', 'pump'));
