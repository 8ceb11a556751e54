CREATE EXTENSION IF NOT EXISTS timescaledb;

-- Worlds, regions, sites and devices ------------------------------------------------------------------------------------------------------

CREATE TABLE worlds (
    world text PRIMARY KEY,
    title text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO worlds (world, title) VALUES ('actual', 'Live 实况');

CREATE TABLE regions (
    region text PRIMARY KEY CONSTRAINT regions_are_gb_t_2260_codes CHECK (region ~ '^[0-9]{6}$'),
    name_zh text NOT NULL,
    name_en text NOT NULL
);

CREATE TABLE sites (
    site_id text PRIMARY KEY,
    name_zh text NOT NULL,
    name_en text NOT NULL,
    site_type text NOT NULL,
    region text NOT NULL REFERENCES regions,
    world text NOT NULL REFERENCES worlds,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    radius_m double precision NOT NULL,
    profile jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE devices (
    device_id text PRIMARY KEY,
    kind text NOT NULL CONSTRAINT devices_are_of_a_known_kind CHECK (kind IN ('waterlogging', 'signal', 'charging')),
    region text NOT NULL REFERENCES regions,
    world text NOT NULL REFERENCES worlds,
    site_id text REFERENCES sites,
    name text NOT NULL DEFAULT '',
    latitude double precision,
    longitude double precision,
    codec text NOT NULL DEFAULT 'json',
    depth_max_mm double precision,
    mqtt_password_hash text,
    created_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz
);
CREATE INDEX devices_by_site ON devices (site_id);

-- Ingest and alerts cache the registry and listen for its changes, so that no message costs a query.
CREATE FUNCTION tell_devices_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('rencheng_devices', '');
    RETURN NULL;
END $$;
CREATE TRIGGER devices_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON devices
    FOR EACH STATEMENT EXECUTE FUNCTION tell_devices_changed();
CREATE TRIGGER sites_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON sites
    FOR EACH STATEMENT EXECUTE FUNCTION tell_devices_changed();

CREATE TABLE device_states (
    device_id text PRIMARY KEY,
    online boolean NOT NULL,
    changed_at timestamptz NOT NULL
);

-- Readings: each has a natural key, so that a repeated reading is stored once. Time is the second column of the key,
-- because queries name a device and a time span: the status of 100 sites takes 11 ms, and 613 ms with time as the last column.

CREATE TABLE waterlogging_readings (
    device_id text NOT NULL,
    time timestamptz NOT NULL,
    channel smallint NOT NULL,
    depth_mm double precision,
    rain_mm double precision,
    raw_distance_mm double precision,
    mode text,
    battery_v double precision,
    rssi_dbm double precision,
    snr_db double precision,
    tilt_deg double precision,
    temperature_c double precision,
    sequence bigint,
    error_flags integer,
    quality smallint NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (device_id, time, channel)
);

CREATE TABLE signal_events (
    device_id text NOT NULL,
    time timestamptz NOT NULL,
    event_id smallint NOT NULL,
    parameter integer NOT NULL,
    quality smallint NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (device_id, time, event_id, parameter)
);

CREATE TABLE meter_values (
    device_id text NOT NULL,
    time timestamptz NOT NULL,
    connector_id smallint NOT NULL,
    transaction_id text NOT NULL,
    measurand text NOT NULL,
    value double precision,
    status text,
    error_code text,
    quality smallint NOT NULL,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (device_id, time, connector_id, transaction_id, measurand)
);

SELECT create_hypertable('waterlogging_readings', by_range('time', INTERVAL '7 days'), create_default_indexes => false);
SELECT create_hypertable('signal_events', by_range('time', INTERVAL '1 day'), create_default_indexes => false);
SELECT create_hypertable('meter_values', by_range('time', INTERVAL '1 day'), create_default_indexes => false);

-- Quarantine and the account ------------------------------------------------------------------------

CREATE TABLE quarantine (
    quarantine_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    payload bytea NOT NULL,
    digest bytea NOT NULL,
    position integer NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    device_id text,
    world text NOT NULL,
    first_received_at timestamptz NOT NULL,
    last_received_at timestamptz NOT NULL,
    times bigint NOT NULL,
    CONSTRAINT quarantine_once UNIQUE (digest, position, reason)
);
CREATE INDEX quarantine_by_time ON quarantine (last_received_at);
COMMENT ON COLUMN quarantine.position IS 'which reading of the message, from 0; -1 for the whole message';

CREATE TABLE ingest_counts (
    day date NOT NULL,
    worker text NOT NULL,
    world text NOT NULL,
    kind text NOT NULL,
    stored bigint NOT NULL,
    duplicate bigint NOT NULL,
    quarantined bigint NOT NULL,
    PRIMARY KEY (day, worker, world, kind)
);

CREATE TABLE ingest_progress (
    worker text PRIMARY KEY,
    started_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    committed_through timestamptz NOT NULL,
    last_row_at timestamptz
);
COMMENT ON COLUMN ingest_progress.committed_through IS 'everything that the worker had received by then is committed';

-- Warnings ----------------------------------------------------------------------------------------------------------------

CREATE TABLE warnings (
    warning_id text PRIMARY KEY,
    site_id text NOT NULL REFERENCES sites,
    world text NOT NULL REFERENCES worlds,
    level smallint NOT NULL,
    peak_level smallint NOT NULL,
    opened_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    closed_at timestamptz
);
CREATE INDEX warnings_by_site ON warnings (site_id, opened_at);
CREATE INDEX warnings_by_time ON warnings (opened_at, warning_id);

CREATE TABLE warning_events (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    warning_id text NOT NULL REFERENCES warnings ON DELETE CASCADE,
    sequence integer NOT NULL,
    identifier text NOT NULL CONSTRAINT warning_events_said_once UNIQUE,
    message_type text NOT NULL,
    level smallint NOT NULL,
    issued_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    document jsonb NOT NULL,
    cap_xml text NOT NULL,
    CONSTRAINT warning_events_in_order UNIQUE (warning_id, sequence)
);

CREATE TABLE deliveries (
    event_id bigint NOT NULL REFERENCES warning_events ON DELETE CASCADE,
    channel text NOT NULL,
    topic text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    delivered_at timestamptz,
    PRIMARY KEY (event_id, channel)
);
CREATE INDEX deliveries_due ON deliveries (event_id) WHERE delivered_at IS NULL;

CREATE TABLE site_states (
    site_id text PRIMARY KEY REFERENCES sites ON DELETE CASCADE,
    snapshot jsonb NOT NULL,
    watermark timestamptz,
    saved_at timestamptz NOT NULL DEFAULT now()
);

-- API keys ---------------------------------------------------------------------------------------------------------------

CREATE TABLE api_keys (
    key_id text PRIMARY KEY,
    secret_hash bytea NOT NULL,
    name text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);
