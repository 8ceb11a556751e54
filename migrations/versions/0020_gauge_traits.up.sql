ALTER TABLE devices
    ADD COLUMN interval_s double precision
        CONSTRAINT devices_have_a_possible_interval CHECK (interval_s > 0),
    ADD COLUMN interval_dry_s double precision
        CONSTRAINT devices_have_a_possible_dry_interval CHECK (interval_dry_s > 0),
    ADD COLUMN resolution_mm double precision
        CONSTRAINT devices_have_a_possible_resolution CHECK (resolution_mm > 0),
    ADD COLUMN latency_s double precision
        CONSTRAINT devices_have_a_possible_latency CHECK (latency_s >= 0),
    ADD COLUMN zero_set_on date,
    ADD COLUMN measures text NOT NULL DEFAULT 'level'
        CONSTRAINT devices_measure_in_a_known_way CHECK (measures IN ('level', 'switch', 'electrode')),
    ADD COLUMN steps_mm double precision[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN devices.interval_s IS 'reporting interval in water';
COMMENT ON COLUMN devices.interval_dry_s IS 'reporting interval above a dry street';
COMMENT ON COLUMN devices.zero_set_on IS 'the day on which the zero was last set or surveyed';
