-- Where a site lies exactly, what drains to it, how long closing it takes.
ALTER TABLE sites
    ADD COLUMN polygon jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN catchment text NOT NULL DEFAULT '',
    ADD COLUMN closing_time_s double precision;
COMMENT ON COLUMN sites.polygon IS '[latitude, longitude] of each corner';

-- A warning says which version of the thresholds judged it, so each of them stays.
CREATE TABLE site_profiles (
    site_id text NOT NULL REFERENCES sites ON DELETE CASCADE,
    version integer NOT NULL,
    profile jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (site_id, version)
);
INSERT INTO site_profiles (site_id, version, profile)
    SELECT site_id, coalesce((profile ->> 'version')::integer, 1), profile FROM sites;

-- What is bound to a site beyond devices.site_id: in which role, how high; a rain gauge or a signal may serve many sites.
-- device_id refers to no row: a file of sites may come before the devices, and a pump need not speak.
CREATE TABLE site_sensors (
    site_id text NOT NULL REFERENCES sites ON DELETE CASCADE,
    device_id text NOT NULL,
    role text NOT NULL CONSTRAINT site_sensors_have_a_known_role
        CHECK (role IN ('depth', 'rain', 'signal', 'pile', 'pump')),
    lowest_point_height_mm double precision NOT NULL DEFAULT 0,
    PRIMARY KEY (site_id, device_id)
);
CREATE INDEX site_sensors_by_device ON site_sensors (device_id);
COMMENT ON COLUMN site_sensors.device_id IS 'need not be registered yet';
CREATE TRIGGER site_sensors_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON site_sensors
    FOR EACH STATEMENT EXECUTE FUNCTION tell_sites_changed();
