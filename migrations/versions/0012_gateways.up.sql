-- Gateways: broker accounts that publish for all devices of one kind in one region.
CREATE TABLE gateways (
    region text NOT NULL REFERENCES regions,
    kind text NOT NULL,
    mqtt_password_hash text NOT NULL,
    PRIMARY KEY (region, kind)
);

-- the service that writes the broker's accounts listens on this channel; '/gateways' names no device
CREATE FUNCTION tell_gateways_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('rencheng_devices', '/gateways');
    RETURN NULL;
END $$;
CREATE TRIGGER gateways_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON gateways
    FOR EACH STATEMENT EXECUTE FUNCTION tell_gateways_changed();
