-- Accounts that publish for devices without one of their own: all of one kind in one region.
CREATE TABLE gateways (
    region text NOT NULL REFERENCES regions,
    kind text NOT NULL,
    mqtt_password_hash text NOT NULL,
    PRIMARY KEY (region, kind)
);

-- whoever keeps the broker's accounts listens for devices; '/gateways' is none, and changes none
CREATE FUNCTION tell_gateways_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('rencheng_devices', '/gateways');
    RETURN NULL;
END $$;
CREATE TRIGGER gateways_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gateways
    FOR EACH STATEMENT EXECUTE FUNCTION tell_gateways_changed();
