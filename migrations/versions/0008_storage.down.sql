-- The rollups are gone by now.
DROP TRIGGER touched ON waterlogging_readings;
DROP TRIGGER touched ON signal_events;
DROP TRIGGER touched ON meter_values;
DROP FUNCTION log_touched_buckets();
DROP TABLE rollup_log, storage_horizons;
DROP INDEX waterlogging_readings_by_time;
DROP INDEX signal_events_by_time;
DROP INDEX meter_values_by_time;
