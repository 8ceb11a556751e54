ALTER TABLE site_sensors ADD COLUMN lag_s double precision;
ALTER TABLE site_sensors ADD COLUMN crown_mm double precision;
ALTER TABLE site_sensors ADD COLUMN rim_mm double precision;
ALTER TABLE site_sensors DROP CONSTRAINT site_sensors_have_a_known_role;
ALTER TABLE site_sensors ADD CONSTRAINT site_sensors_have_a_known_role
    CHECK (role IN ('depth', 'rain', 'signal', 'charger', 'pump', 'upstream', 'manhole'));
