DROP TRIGGER devices_added ON devices;
DROP TRIGGER devices_changed ON devices;
DROP TRIGGER devices_removed ON devices;
DROP TRIGGER devices_emptied ON devices;
DROP TRIGGER sites_changed ON sites;
CREATE TRIGGER devices_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON devices
    FOR EACH STATEMENT EXECUTE FUNCTION tell_devices_changed();
CREATE TRIGGER sites_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sites
    FOR EACH STATEMENT EXECUTE FUNCTION tell_devices_changed();
DROP FUNCTION tell_which_devices_changed();
DROP FUNCTION tell_sites_changed();
ALTER TABLE devices
    DROP COLUMN blind_zone_mm,
    DROP COLUMN no_return_codes,
    DROP COLUMN receipts,
    DROP COLUMN quota_per_minute,
    DROP COLUMN replaces;
