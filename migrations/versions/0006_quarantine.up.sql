-- The audit log: every change by a person, written in the same transaction.
CREATE TABLE audit (
    audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL
);
CREATE INDEX audit_by_subject ON audit (subject, audit_id);

-- A quarantine entry is open until it is replayed. If the same message is rejected again after that, it is a new entry.
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
-- BRIN, because a repetition changes last_received_at and must not write an index.
DROP INDEX quarantine_by_time;
CREATE INDEX quarantine_by_time ON quarantine USING brin (last_received_at);

-- Entries dropped by retention stay counted, so that the account adds up.
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
