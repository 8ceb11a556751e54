ALTER TABLE site_states
    DROP COLUMN no_data_from,
    DROP COLUMN no_data_reason,
    DROP COLUMN gauges;
