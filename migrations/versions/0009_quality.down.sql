DROP TABLE series_states, series_flags;
ALTER TABLE devices DROP COLUMN gauge;
