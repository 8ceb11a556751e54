-- The extension stays: other schemas of the database may use it. Hypertables are dropped one by one.
DROP TABLE waterlogging_readings;
DROP TABLE signal_events;
DROP TABLE meter_values;
DROP TABLE api_keys, site_states, deliveries, warning_events, warnings, ingest_progress, ingest_counts, quarantine;
DROP TABLE device_states, devices, sites, regions, worlds;
DROP FUNCTION tell_devices_changed();
