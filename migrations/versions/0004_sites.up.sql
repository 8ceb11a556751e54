-- The exact area of a site, its catchment, and the time to close it.
ALTER TABLE sites
    ADD COLUMN polygon jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN catchment text NOT NULL DEFAULT '',
    ADD COLUMN closing_time_s double precision;
COMMENT ON COLUMN sites.polygon IS '[latitude, longitude] of each corner';

-- A warning names the version of its thresholds, so every version is kept.
CREATE TABLE site_profiles (
    site_id text NOT NULL REFERENCES sites ON DELETE CASCADE,
    version integer NOT NULL,
    profile jsonb NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (site_id, version)
);
INSERT INTO site_profiles (site_id, version, profile)
    SELECT site_id, coalesce((profile ->> 'version')::integer, 1), profile FROM sites;

-- Bindings beyond devices.site_id, with role and height; a rain gauge or a signal may serve many sites.
-- device_id has no foreign key: sites may be imported before devices, and a pump sends nothing.
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
