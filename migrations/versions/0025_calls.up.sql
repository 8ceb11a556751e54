-- One call for each warning; a rise of the level opens a new round of it. The columns are copies for queries.
CREATE TABLE calls (
    warning_id text PRIMARY KEY REFERENCES warnings ON DELETE CASCADE,
    world text NOT NULL REFERENCES worlds,
    state text NOT NULL,
    level smallint NOT NULL,
    now_level smallint NOT NULL,
    round integer NOT NULL,
    wait_s double precision NOT NULL,
    next_due timestamptz,
    ended_by text NOT NULL,
    document jsonb NOT NULL,
    events integer NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX calls_open ON calls (warning_id) WHERE state <> 'ended';
COMMENT ON COLUMN calls.document IS 'the whole state';
COMMENT ON COLUMN calls.events IS 'the number of entries in call_events';

-- Everything that happened to a call. The recorded inputs give the recorded intents again.
CREATE TABLE call_events (
    warning_id text NOT NULL REFERENCES calls ON DELETE CASCADE,
    n integer NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    given jsonb NOT NULL,
    roll jsonb NOT NULL,
    intents jsonb NOT NULL,
    refusal text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (warning_id, n)
);
COMMENT ON COLUMN call_events.at IS 'the time of the world: of an exercise its own';

-- The answers of people. The same answer to the same ask is one row, however often it is sent.
CREATE TABLE acknowledgements (
    warning_id text NOT NULL REFERENCES calls ON DELETE CASCADE,
    person_id text NOT NULL REFERENCES people,
    round integer NOT NULL,
    ask integer NOT NULL,
    kind text NOT NULL,
    level_seen smallint NOT NULL,
    via text NOT NULL,
    recorded_by text NOT NULL,
    note text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    refusal text NOT NULL,
    PRIMARY KEY (warning_id, person_id, round, ask, kind)
);
COMMENT ON COLUMN acknowledgements.recorded_by IS 'who recorded it: the person by a link, or a key or shell user for the person';
COMMENT ON COLUMN acknowledgements.refusal IS 'why it changed nothing; empty: it counts';

-- Links by which people answer. Only the hash of the token is stored.
CREATE TABLE answer_links (
    token_hash bytea PRIMARY KEY,
    warning_id text NOT NULL REFERENCES calls ON DELETE CASCADE,
    person_id text NOT NULL REFERENCES people,
    round integer NOT NULL,
    ask integer NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX answer_links_by_expiry ON answer_links (expires_at);

CREATE INDEX warnings_open ON warnings (warning_id) WHERE closed_at IS NULL;
