ALTER TABLE ingest_counts DROP COLUMN unpacked;
DROP TABLE quarantine_drops;
DELETE FROM quarantine WHERE replayed_at IS NOT NULL;
DROP INDEX quarantine_once, quarantine_by_device, quarantine_by_reason, quarantine_by_time;
CREATE INDEX quarantine_by_time ON quarantine (last_received_at);
ALTER TABLE quarantine
    DROP COLUMN kind,
    DROP COLUMN replayed_at,
    DROP COLUMN replayed_by,
    DROP COLUMN replayed_as,
    DROP COLUMN fixed_topic,
    DROP COLUMN fixed_payload,
    ADD CONSTRAINT quarantine_once UNIQUE (digest, position, reason);
DROP TABLE audit;
