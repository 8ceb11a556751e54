-- Who can be called. Nobody is deleted, only made inactive.
CREATE TABLE people (
    person_id text PRIMARY KEY,
    name text NOT NULL,
    organisation text NOT NULL DEFAULT '',
    roles text[] NOT NULL DEFAULT '{}',
    regions text[] NOT NULL DEFAULT '{}',
    active boolean NOT NULL DEFAULT true,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE rosters (
    roster_id text PRIMARY KEY,
    role text NOT NULL,
    region text NOT NULL,
    site_id text,
    zone text NOT NULL,
    ranks smallint NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN rosters.site_id IS 'the one site that it is for; null: all sites of the region';

CREATE TABLE shifts (
    shift_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    roster_id text NOT NULL REFERENCES rosters ON DELETE CASCADE,
    rank smallint NOT NULL,
    person_id text NOT NULL REFERENCES people,
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    CONSTRAINT shifts_last_some_time CHECK (begins_at < ends_at)
);
CREATE INDEX shifts_by_roster ON shifts (roster_id, ends_at);

CREATE TABLE overrides (
    override_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    roster_id text NOT NULL REFERENCES rosters ON DELETE CASCADE,
    rank smallint NOT NULL,
    person_id text NOT NULL REFERENCES people,
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    reason text NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT overrides_last_some_time CHECK (begins_at < ends_at)
);
CREATE INDEX overrides_by_roster ON overrides (roster_id, ends_at);

CREATE TABLE call_policies (
    policy_id text NOT NULL,
    version integer NOT NULL,
    region text NOT NULL,
    form jsonb NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    approved_by text,
    approved_at timestamptz,
    approved_until timestamptz,
    PRIMARY KEY (policy_id, version)
);
COMMENT ON COLUMN call_policies.approved_until IS 'when the approval is to be renewed; the policy stays in force';
