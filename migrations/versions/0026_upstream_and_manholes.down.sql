-- the earlier release knows no such gauges: it would take them for depth gauges of the site
DELETE FROM site_sensors WHERE role IN ('upstream', 'manhole');
ALTER TABLE site_sensors DROP CONSTRAINT site_sensors_have_a_known_role;
ALTER TABLE site_sensors ADD CONSTRAINT site_sensors_have_a_known_role
    CHECK (role IN ('depth', 'rain', 'signal', 'charger', 'pump'));
ALTER TABLE site_sensors DROP COLUMN lag_s;
ALTER TABLE site_sensors DROP COLUMN crown_mm;
ALTER TABLE site_sensors DROP COLUMN rim_mm;
