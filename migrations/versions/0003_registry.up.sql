-- The profile of a device, from its installer and data sheet, so that intake reads its messages correctly.
ALTER TABLE devices
    ADD COLUMN blind_zone_mm double precision
        CONSTRAINT devices_have_a_possible_blind_zone CHECK (blind_zone_mm >= 0),
    ADD COLUMN no_return_codes double precision[] NOT NULL DEFAULT '{}',
    ADD COLUMN receipts boolean NOT NULL DEFAULT false,
    ADD COLUMN quota_per_minute integer CONSTRAINT devices_have_a_possible_quota CHECK (quota_per_minute > 0),
    ADD COLUMN replaces text REFERENCES devices,
    ADD CONSTRAINT devices_are_replaced_once UNIQUE (replaces);

-- Loading 75,000 devices takes a second, so a notification names the changed devices: up to a hundred, because a payload
-- holds 8,000 bytes. An empty payload means that any device may have changed. '/sites' is not a device.
CREATE FUNCTION tell_which_devices_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) > 20000 OR max(length(device_id)) > 64 FROM changed) THEN
        PERFORM pg_notify('rencheng_devices', '');
    ELSE
        PERFORM pg_notify('rencheng_devices', string_agg(device_id, ' '))
        FROM (SELECT device_id, (row_number() OVER () - 1) / 100 AS page FROM changed) AS paged GROUP BY page;
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION tell_sites_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('rencheng_devices', '/sites');
    RETURN NULL;
END $$;

DROP TRIGGER devices_changed ON devices;
DROP TRIGGER sites_changed ON sites;
CREATE TRIGGER devices_added AFTER INSERT ON devices REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tell_which_devices_changed();
CREATE TRIGGER devices_changed AFTER UPDATE ON devices REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tell_which_devices_changed();
CREATE TRIGGER devices_removed AFTER DELETE ON devices REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION tell_which_devices_changed();
CREATE TRIGGER devices_emptied AFTER TRUNCATE ON devices
    FOR EACH STATEMENT EXECUTE FUNCTION tell_devices_changed();
CREATE TRIGGER sites_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sites
    FOR EACH STATEMENT EXECUTE FUNCTION tell_sites_changed();
