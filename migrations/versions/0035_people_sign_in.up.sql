-- Roles, logins and sessions of people.
CREATE TABLE role_assignments (
    assignment_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    person_id text NOT NULL REFERENCES people,
    role text NOT NULL,
    regions text[] NOT NULL DEFAULT '{}',
    worlds text[] NOT NULL DEFAULT '{}',
    up_to smallint,
    until timestamptz,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    ended_by text,
    ended_at timestamptz
);
CREATE INDEX role_assignments_by_person ON role_assignments (person_id) WHERE ended_at IS NULL;
COMMENT ON COLUMN role_assignments.regions IS 'with all below them; empty: all regions';
COMMENT ON COLUMN role_assignments.up_to IS 'the highest level that the person approves; null: any';

CREATE TABLE person_logins (
    person_id text PRIMARY KEY REFERENCES people,
    password_hash text NOT NULL,
    must_change boolean NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now(),
    failures integer NOT NULL DEFAULT 0,
    locked_until timestamptz,
    second_factor bytea,
    second_factor_on boolean NOT NULL DEFAULT false,
    last_step bigint NOT NULL DEFAULT 0
);
COMMENT ON COLUMN person_logins.second_factor IS 'encrypted with RENCHENG_CONTACT_KEYS';
COMMENT ON COLUMN person_logins.last_step IS 'the time step of the newest code that was accepted; no code is accepted twice';

CREATE TABLE person_sessions (
    session_id text PRIMARY KEY,
    secret_hash bytea NOT NULL,
    kind text NOT NULL CHECK (kind IN ('local', 'oidc', 'display')),
    person_id text REFERENCES people,
    name text NOT NULL,
    roles jsonb NOT NULL DEFAULT '[]',
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    idle_s integer,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT person_sessions_name_a_person CHECK (kind = 'display' OR person_id IS NOT NULL)
);
CREATE INDEX person_sessions_by_person ON person_sessions (person_id) WHERE revoked_at IS NULL;
COMMENT ON COLUMN person_sessions.roles IS 'roles of the session alone: by groups of the identity provider, or of a display';
COMMENT ON COLUMN person_sessions.idle_s IS 'the session ends when it was not used for this time; null: never';
