-- Devices that take commands. Piles, signals and gauges are registered devices as well, and have their account there.
CREATE TABLE actuators (
    device_id text PRIMARY KEY,
    kind text NOT NULL
        CONSTRAINT actuators_are_of_a_known_kind CHECK (kind IN ('barrier', 'board', 'pump', 'pile', 'signal', 'gauge')),
    region text NOT NULL REFERENCES regions,
    world text NOT NULL REFERENCES worlds,
    site_id text REFERENCES sites,
    name text NOT NULL,
    verbs text[] NOT NULL,
    version integer NOT NULL,
    mqtt_password_hash text,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    retired_at timestamptz,
    CONSTRAINT actuators_have_one_world UNIQUE (device_id, world)
);
CREATE INDEX actuators_by_site ON actuators (site_id);
COMMENT ON COLUMN actuators.version IS 'grows with each change; approvals of commands hold for one version';
COMMENT ON COLUMN actuators.mqtt_password_hash IS 'of barriers, boards and pumps; null: the account of the registered device';
CREATE TRIGGER actuators_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON actuators
    FOR EACH STATEMENT EXECUTE FUNCTION notify_sites_changed();

-- What the devices reported, one row for each change.
CREATE TABLE actuator_states (
    device_id text NOT NULL REFERENCES actuators ON DELETE CASCADE,
    received_at timestamptz NOT NULL DEFAULT now(),
    last_at timestamptz NOT NULL DEFAULT now(),
    state text NOT NULL,
    text text NOT NULL,
    obstructed boolean NOT NULL,
    PRIMARY KEY (device_id, received_at)
);
COMMENT ON COLUMN actuator_states.last_at IS 'when the same state was reported last';

-- Commands. The columns are copies for queries. A command cannot reach a device of another world.
CREATE TABLE commands (
    command_id uuid PRIMARY KEY,
    world text NOT NULL REFERENCES worlds,
    device_id text NOT NULL,
    asked_by text NOT NULL,
    idempotency_key text NOT NULL,
    proposal_id text NOT NULL,
    warning_id text,
    site_id text,
    region text NOT NULL,
    verb text NOT NULL,
    aspect text NOT NULL,
    state text NOT NULL,
    next_due timestamptz,
    retry_at timestamptz,
    document jsonb NOT NULL,
    events integer NOT NULL,
    person_needed text NOT NULL,
    handled_by text,
    handled_at timestamptz,
    handled_note text,
    asked_at timestamptz NOT NULL DEFAULT now(),
    changed_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT commands_are_asked_once UNIQUE (world, asked_by, idempotency_key),
    CONSTRAINT commands_stay_in_their_world FOREIGN KEY (device_id, world) REFERENCES actuators (device_id, world)
        ON DELETE CASCADE
);
CREATE INDEX commands_open ON commands (device_id, aspect) WHERE state IN ('asked', 'approved', 'sent', 'accepted');
CREATE INDEX commands_by_proposal ON commands (proposal_id) WHERE proposal_id <> '';
CREATE INDEX commands_for_people ON commands (asked_at) WHERE person_needed <> '' AND handled_at IS NULL;
COMMENT ON COLUMN commands.retry_at IS 'when another process may publish it, if the one that began has not recorded it';
COMMENT ON COLUMN commands.document IS 'the whole state';
COMMENT ON COLUMN commands.person_needed IS 'why a person must look at the place; empty: not';

CREATE TABLE command_approvals (
    command_id uuid NOT NULL REFERENCES commands ON DELETE CASCADE,
    person_id text NOT NULL REFERENCES people,
    device_version integer NOT NULL,
    actor text NOT NULL,
    roles text[] NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (command_id, person_id, device_version)
);

-- Everything that happened to a command. The recorded inputs give the recorded intents again.
CREATE TABLE command_events (
    command_id uuid NOT NULL REFERENCES commands ON DELETE CASCADE,
    n integer NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    kind text NOT NULL,
    given jsonb NOT NULL,
    intents jsonb NOT NULL,
    state text NOT NULL,
    refusal text NOT NULL,
    PRIMARY KEY (command_id, n)
);
