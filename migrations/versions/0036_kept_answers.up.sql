CREATE TABLE kept_answers (
    name bytea PRIMARY KEY,
    fingerprint bytea NOT NULL,
    answer bytea NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX kept_answers_by_age ON kept_answers (made_at);
COMMENT ON COLUMN kept_answers.name IS 'SHA-256 of caller, route and Idempotency-Key';
COMMENT ON COLUMN kept_answers.fingerprint IS 'SHA-256 of address and body';
COMMENT ON COLUMN kept_answers.answer IS 'encrypted with a key that the Idempotency-Key gives and that is not kept';
