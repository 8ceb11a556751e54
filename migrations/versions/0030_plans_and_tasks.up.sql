-- The versions of response plans. A version never changes; people other than its author approve it.
CREATE TABLE plans (
    plan_id text NOT NULL,
    version integer NOT NULL,
    region text NOT NULL,
    form jsonb NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    author_id text,
    approved_at timestamptz,
    approved_until timestamptz,
    PRIMARY KEY (plan_id, version)
);
COMMENT ON COLUMN plans.author_id IS 'the person who wrote it; null: the key names no person';
COMMENT ON COLUMN plans.approved_at IS 'when enough people had approved it';
COMMENT ON COLUMN plans.approved_until IS 'when the approval is to be renewed; the plan stays in force';

CREATE TABLE plan_approvals (
    plan_id text NOT NULL,
    version integer NOT NULL,
    person_id text NOT NULL REFERENCES people,
    approved_by text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (plan_id, version, person_id),
    FOREIGN KEY (plan_id, version) REFERENCES plans ON DELETE CASCADE
);

-- What is done about a warning: its tasks by the plan as it was when the first of them were generated.
CREATE TABLE incidents (
    warning_id text PRIMARY KEY REFERENCES warnings ON DELETE CASCADE,
    world text NOT NULL REFERENCES worlds,
    site_id text NOT NULL,
    region text NOT NULL,
    level smallint NOT NULL,
    plan_id text NOT NULL,
    plan_version integer NOT NULL,
    plan jsonb NOT NULL,
    opened_at timestamptz NOT NULL,
    cleared_at timestamptz,
    reopened_at timestamptz,
    messages integer NOT NULL DEFAULT 0,
    recorded_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON COLUMN incidents.level IS 'the highest level for which tasks were generated';
COMMENT ON COLUMN incidents.messages IS 'the number of messages about its tasks';
CREATE INDEX incidents_running ON incidents (warning_id) WHERE cleared_at IS NULL;
CREATE INDEX incidents_by_site ON incidents (site_id, opened_at);

CREATE TABLE tasks (
    task_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    warning_id text NOT NULL REFERENCES incidents ON DELETE CASCADE,
    template_id text NOT NULL,
    world text NOT NULL,
    region text NOT NULL,
    role text NOT NULL,
    state text NOT NULL,
    person_id text,
    due_at timestamptz NOT NULL,
    next_due timestamptz,
    document jsonb NOT NULL,
    events integer NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT tasks_are_generated_once UNIQUE (warning_id, template_id)
);
COMMENT ON COLUMN tasks.document IS 'the whole state; the other columns are copies for queries';
CREATE INDEX tasks_due ON tasks (next_due) WHERE next_due IS NOT NULL;

-- Everything that happened to a task. The recorded inputs give the recorded intents again.
CREATE TABLE task_events (
    task_id bigint NOT NULL REFERENCES tasks ON DELETE CASCADE,
    n integer NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    given jsonb NOT NULL,
    roll jsonb NOT NULL,
    intents jsonb NOT NULL,
    refusal text NOT NULL,
    actor text NOT NULL,
    via text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (task_id, n)
);
COMMENT ON COLUMN task_events.at IS 'the time of the world: of an exercise its own';

CREATE TABLE evidence (
    evidence_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    task_id bigint NOT NULL REFERENCES tasks ON DELETE CASCADE,
    kind text NOT NULL,
    person_id text NOT NULL REFERENCES people,
    note text NOT NULL,
    depth_mm double precision,
    sha256 bytea,
    photo bytea,
    width integer,
    height integer,
    taken_at timestamptz,
    latitude double precision,
    longitude double precision,
    at timestamptz NOT NULL,
    recorded_by text NOT NULL,
    via text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT evidence_same_photo_once UNIQUE (task_id, sha256)
);
COMMENT ON COLUMN evidence.sha256 IS 'hash of the photo as it was sent';
COMMENT ON COLUMN evidence.photo IS 'JPEG, encoded again, without what the camera wrote into it';
COMMENT ON COLUMN evidence.taken_at IS 'by the clock of the camera; null: it wrote none';
CREATE INDEX evidence_by_task ON evidence (task_id);
CREATE INDEX evidence_hidden_dangers ON evidence (recorded_at) WHERE kind = 'hidden_danger';

-- Links by which people report about their tasks of a warning. Only the hash of the token is stored.
CREATE TABLE task_links (
    token_hash bytea PRIMARY KEY,
    warning_id text NOT NULL REFERENCES incidents ON DELETE CASCADE,
    person_id text NOT NULL REFERENCES people,
    expires_at timestamptz NOT NULL
);
CREATE INDEX task_links_by_expiry ON task_links (expires_at);

-- Responses IV to I of a region: proposed by the platform, declared by a person.
CREATE TABLE responses (
    response_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    world text NOT NULL REFERENCES worlds,
    region text NOT NULL,
    state text NOT NULL,
    number smallint,
    document jsonb NOT NULL,
    events integer NOT NULL DEFAULT 0,
    opened_at timestamptz NOT NULL,
    ended_at timestamptz,
    changed_at timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX responses_one_runs ON responses (world, region) WHERE ended_at IS NULL;
COMMENT ON COLUMN responses.number IS '4 to 1: the number that is in force, IV to I; null: none was declared';

CREATE TABLE response_events (
    response_id bigint NOT NULL REFERENCES responses ON DELETE CASCADE,
    n integer NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    given jsonb NOT NULL,
    refusal text NOT NULL,
    actor text NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (response_id, n)
);
