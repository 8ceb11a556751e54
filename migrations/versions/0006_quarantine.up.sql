-- Who did what, and when: whatever a person changes is written here in the same transaction.
CREATE TABLE audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL
);
CREATE INDEX audit_by_subject ON audit (subject, audit_id);

-- An entry of quarantine is open until it is replayed. The same message refused again after that is another entry.
ALTER TABLE quarantine
    ADD COLUMN kind text NOT NULL DEFAULT 'unknown',
    ADD COLUMN replayed_at timestamptz,
    ADD COLUMN replayed_by text,
    ADD COLUMN replayed_as jsonb,
    ADD COLUMN fixed_topic text,
    ADD COLUMN fixed_payload bytea;
UPDATE quarantine SET kind = split_part(topic, '/', 4)
    WHERE split_part(topic, '/', 4) IN ('waterlogging', 'signal', 'charging') AND topic LIKE '%/%/%/%/%/%';
ALTER TABLE quarantine ALTER COLUMN kind DROP DEFAULT;
COMMENT ON COLUMN quarantine.replayed_as IS 'what became of it: readings stored, duplicate, quarantined again, dropped';
ALTER TABLE quarantine DROP CONSTRAINT quarantine_once;
CREATE UNIQUE INDEX quarantine_once ON quarantine (digest, position, reason) WHERE replayed_at IS NULL;
CREATE INDEX quarantine_by_device ON quarantine (device_id, quarantine_id);
CREATE INDEX quarantine_by_reason ON quarantine (reason, quarantine_id);
-- Only summaries of the table's blocks, so that a repetition, which moves last_received_at, writes no index at all.
DROP INDEX quarantine_by_time;
CREATE INDEX quarantine_by_time ON quarantine USING brin (last_received_at);

-- What retention let go: counted for good, so that the account goes on adding up.
CREATE TABLE quarantine_drops (
    day date NOT NULL,
    world text NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    entries bigint NOT NULL,
    readings bigint NOT NULL,
    payload_bytes bigint NOT NULL,
    PRIMARY KEY (day, world, kind, reason)
);

ALTER TABLE ingest_counts ADD COLUMN unpacked bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN ingest_counts.unpacked
    IS 'by how much replays raised the number of received readings: what could not be read counted one';
