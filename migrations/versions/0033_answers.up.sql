-- Handovers of a shift. Until one is accepted, both people are on duty.
CREATE TABLE handovers (
    handover_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    roster_id text NOT NULL REFERENCES rosters ON DELETE CASCADE,
    rank smallint NOT NULL,
    from_person text NOT NULL REFERENCES people,
    to_person text NOT NULL REFERENCES people,
    open_calls text[] NOT NULL,
    note text NOT NULL,
    offered_by text NOT NULL,
    offering_person text REFERENCES people,
    offered_at timestamptz NOT NULL DEFAULT now(),
    accepted_by text,
    ended_at timestamptz,
    CONSTRAINT handovers_are_between_two CHECK (from_person <> to_person)
);
CREATE UNIQUE INDEX handovers_one_open ON handovers (roster_id, rank) WHERE ended_at IS NULL;
COMMENT ON COLUMN handovers.offering_person IS 'the person that the key of the offer names';
COMMENT ON COLUMN handovers.open_calls IS 'the warnings whose calls are handed over';
COMMENT ON COLUMN handovers.ended_at IS 'when it was accepted, or replaced by another offer';

-- The codes by which a person answers a call by SMS. A code is not used again for another call of the person.
CREATE TABLE reply_codes (
    person_id text NOT NULL REFERENCES people,
    code text NOT NULL,
    warning_id text NOT NULL REFERENCES calls ON DELETE CASCADE,
    round integer NOT NULL,
    ask integer NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, code)
);
CREATE INDEX reply_codes_by_expiry ON reply_codes (expires_at);

-- Replies of gateways for SMS and voice, each once. Numbers and texts are not kept.
CREATE TABLE replies (
    provider text NOT NULL,
    reply_ref text NOT NULL,
    method_id bigint REFERENCES contact_methods ON DELETE SET NULL,
    result text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, reply_ref)
);
CREATE INDEX replies_by_time ON replies (received_at);
COMMENT ON COLUMN replies.method_id IS 'the contact method of the number; null: the number is unknown';

-- A code that was sent to a contact method of a person, and is to be typed back.
CREATE TABLE contact_proofs (
    method_id bigint PRIMARY KEY REFERENCES contact_methods ON DELETE CASCADE,
    code_hash bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    tries smallint NOT NULL DEFAULT 0
);

ALTER TABLE contact_methods ADD COLUMN quiet_from time, ADD COLUMN quiet_until time,
    ADD CONSTRAINT contact_methods_quiet_both CHECK (num_nonnulls(quiet_from, quiet_until) <> 1);
COMMENT ON COLUMN contact_methods.quiet_from IS 'city time; below red a person is not called by this method until quiet_until';

-- The person of the key with which a policy was made: one person with two keys cannot approve it.
ALTER TABLE call_policies ADD COLUMN author text REFERENCES people;
COMMENT ON COLUMN call_policies.author IS 'the person that the key of the author names';
