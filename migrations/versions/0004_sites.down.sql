DROP TABLE site_sensors, site_profiles;
ALTER TABLE sites DROP COLUMN polygon, DROP COLUMN catchment, DROP COLUMN closing_time_s;
