-- Silences and maintenance windows: operators mute sites up to a level for some time.
CREATE TABLE silences (
    silence_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    world text NOT NULL REFERENCES worlds,
    site_id text,
    region text,
    catchment text,
    up_to smallint NOT NULL,
    reason text NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    CONSTRAINT silences_mean_one_thing CHECK (num_nonnulls(site_id, region, catchment) = 1)
);
CREATE INDEX silences_by_end ON silences (ends_at);

CREATE TABLE maintenance (
    maintenance_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    world text NOT NULL REFERENCES worlds,
    site_id text,
    region text,
    catchment text,
    up_to smallint NOT NULL,
    reason text NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    weekdays smallint[] NOT NULL,
    begins time NOT NULL,
    lasts_s integer NOT NULL,
    first_day date NOT NULL,
    last_day date,
    CONSTRAINT maintenance_mean_one_thing CHECK (num_nonnulls(site_id, region, catchment) = 1)
);
COMMENT ON COLUMN maintenance.weekdays IS '0 is Monday';
COMMENT ON COLUMN maintenance.begins IS 'on the clocks of Asia/Shanghai';

-- Notices about several sites. The newest notice of a topic replaces the former ones.
CREATE TABLE notices (
    notice_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    world text NOT NULL REFERENCES worlds,
    kind text NOT NULL,
    topic text NOT NULL,
    issued_at timestamptz NOT NULL,
    in_force boolean NOT NULL,
    level smallint NOT NULL,
    urgent boolean NOT NULL,
    site_ids text[] NOT NULL,
    text_zh text NOT NULL,
    text_en text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX notices_by_topic ON notices (world, kind, topic, notice_id);

-- A suppressed message is recorded, and it is not due until its suppression ends.
ALTER TABLE deliveries ADD COLUMN held text;
COMMENT ON COLUMN deliveries.held IS 'why storm control holds it back; null if it does not';
DROP INDEX deliveries_due;
CREATE INDEX deliveries_due ON deliveries (event_id) WHERE delivered_at IS NULL AND held IS NULL;
