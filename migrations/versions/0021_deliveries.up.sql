-- Who gets messages. Subscribers and contact methods stand outside worlds; a method names the worlds that may reach it.
CREATE TABLE subscribers (
    subscriber_id text PRIMARY KEY,
    owner text NOT NULL,
    level_min smallint NOT NULL DEFAULT 1,
    regions text[] NOT NULL DEFAULT '{}',
    site_types text[] NOT NULL DEFAULT '{}',
    sites text[] NOT NULL DEFAULT '{}',
    wants_updates boolean NOT NULL DEFAULT true,
    wants_notices boolean NOT NULL DEFAULT false,
    wants_platform_messages boolean NOT NULL DEFAULT false,
    language text NOT NULL DEFAULT 'both',
    active boolean NOT NULL DEFAULT true,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT subscribers_read_a_known_language CHECK (language IN ('zh', 'en', 'both'))
);
COMMENT ON COLUMN subscribers.wants_platform_messages IS 'gets messages about the platform itself, such as an endpoint that was disabled';

CREATE TABLE contact_methods (
    method_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subscriber_id text REFERENCES subscribers,
    person_id text,
    kind text NOT NULL,
    address bytea NOT NULL,
    address_hash bytea NOT NULL,
    shown text NOT NULL,
    worlds text[] NOT NULL DEFAULT '{actual}',
    mode text NOT NULL DEFAULT 'latest',
    cap text NOT NULL DEFAULT 'link',
    template text,
    language text NOT NULL DEFAULT 'both',
    created_at timestamptz NOT NULL DEFAULT now(),
    verified_at timestamptz,
    proved_at timestamptz,
    ended_at timestamptz,
    disabled_at timestamptz,
    disabled_why text,
    probing boolean NOT NULL DEFAULT false,
    failures integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    retry_at timestamptz,
    CONSTRAINT contact_methods_belong_to_one CHECK (num_nonnulls(subscriber_id, person_id) = 1),
    CONSTRAINT contact_methods_have_a_known_mode CHECK (mode IN ('latest', 'every')),
    CONSTRAINT contact_methods_have_a_known_cap CHECK (cap IN ('none', 'link', 'inline'))
);
CREATE UNIQUE INDEX contact_methods_by_address ON contact_methods (kind, address_hash) WHERE ended_at IS NULL;
CREATE INDEX contact_methods_by_subscriber ON contact_methods (subscriber_id);
CREATE INDEX contact_methods_by_person ON contact_methods (person_id);
COMMENT ON COLUMN contact_methods.address IS 'encrypted with a key outside the database';
COMMENT ON COLUMN contact_methods.shown IS 'the masked address, for lists';

CREATE TABLE contact_secrets (
    method_id bigint NOT NULL REFERENCES contact_methods ON DELETE CASCADE,
    version integer NOT NULL,
    secret bytea NOT NULL,
    valid_from timestamptz NOT NULL DEFAULT now(),
    valid_until timestamptz,
    PRIMARY KEY (method_id, version)
);

-- One message for one method. The id is derived from the dedupe key, so that a repetition has the same one.
CREATE TABLE dispatches (
    dispatch_id uuid PRIMARY KEY,
    method_id bigint NOT NULL REFERENCES contact_methods,
    world text NOT NULL,
    source text NOT NULL,
    source_id text NOT NULL,
    purpose text NOT NULL,
    round integer NOT NULL DEFAULT 1,
    line text NOT NULL,
    sequence bigint NOT NULL,
    warning_id text,
    event_id bigint,
    level smallint NOT NULL,
    is_end boolean NOT NULL DEFAULT false,
    content jsonb,
    state text NOT NULL DEFAULT 'due',
    due_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    lease_owner text,
    lease_until timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    provider_ref text,
    rank smallint NOT NULL DEFAULT 0,
    reason text,
    made_at timestamptz NOT NULL DEFAULT now(),
    settled_at timestamptz,
    CONSTRAINT dispatches_have_a_known_state CHECK (state IN
        ('due', 'leased', 'sent', 'delivered', 'read', 'doubtful', 'failed', 'overtaken', 'expired', 'cancelled')),
    CONSTRAINT dispatches_have_a_known_source CHECK (source IN
        ('event', 'notice', 'call', 'task', 'command', 'test', 'self'))
);
CREATE INDEX dispatches_due ON dispatches (method_id, level DESC, due_at) WHERE state = 'due';
CREATE INDEX dispatches_expiring ON dispatches (expires_at) WHERE state = 'due';
CREATE INDEX dispatches_leased ON dispatches (lease_until) WHERE state = 'leased';
CREATE INDEX dispatches_by_line ON dispatches (method_id, line, sequence);
CREATE INDEX dispatches_by_warning ON dispatches (warning_id, sequence);
CREATE INDEX dispatches_by_source ON dispatches (source, source_id);
CREATE INDEX dispatches_by_ref ON dispatches (provider_ref) WHERE provider_ref IS NOT NULL;
CREATE UNIQUE INDEX dispatches_one_leased_by_line ON dispatches (method_id, line) WHERE state = 'leased';

CREATE TABLE attempts (
    dispatch_id uuid NOT NULL REFERENCES dispatches ON DELETE CASCADE,
    n integer NOT NULL,
    method_id bigint NOT NULL REFERENCES contact_methods,
    lease text NOT NULL,
    begun_at timestamptz NOT NULL DEFAULT now(),
    ended_at timestamptz,
    outcome text,
    status integer,
    provider_code text,
    retry_after_s double precision,
    detail text,
    PRIMARY KEY (dispatch_id, n),
    CONSTRAINT attempts_have_a_known_outcome CHECK (outcome IN ('delivered', 'later', 'never', 'doubtful'))
);
CREATE INDEX attempts_by_method ON attempts (method_id, begun_at);
COMMENT ON TABLE attempts IS 'written before a message is sent; its outcome is added once';

CREATE TABLE receipts (
    provider text NOT NULL,
    provider_ref text NOT NULL,
    status text NOT NULL,
    rank smallint NOT NULL,
    their_time timestamptz,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, provider_ref, status)
);

-- What was decided and has no dispatches yet: written in the transaction that decides, so that nothing is forgotten.
CREATE TABLE undispatched (
    source text NOT NULL,
    source_id bigint NOT NULL,
    decided_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (source, source_id)
);

-- A delivery that is not suppressed, or is no longer.
CREATE FUNCTION queue_warning_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.suppressed_by IS NULL AND NEW.channel = 'mqtt' THEN
        INSERT INTO undispatched (source, source_id) VALUES ('event', NEW.event_id) ON CONFLICT DO NOTHING;
        PERFORM pg_notify('rencheng_response', '');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER deliveries_queued AFTER INSERT ON deliveries FOR EACH ROW EXECUTE FUNCTION queue_warning_event();
CREATE TRIGGER deliveries_released AFTER UPDATE OF suppressed_by ON deliveries FOR EACH ROW
    WHEN (OLD.suppressed_by IS NOT NULL AND NEW.suppressed_by IS NULL) EXECUTE FUNCTION queue_warning_event();

CREATE FUNCTION queue_notice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO undispatched (source, source_id) VALUES ('notice', NEW.notice_id) ON CONFLICT DO NOTHING;
    PERFORM pg_notify('rencheng_response', '');
    RETURN NULL;
END $$;
CREATE TRIGGER notices_queued AFTER INSERT ON notices FOR EACH ROW EXECUTE FUNCTION queue_notice();
