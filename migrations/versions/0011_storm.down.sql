DROP INDEX deliveries_due;
ALTER TABLE deliveries DROP COLUMN held;
CREATE INDEX deliveries_due ON deliveries (event_id) WHERE delivered_at IS NULL;
DROP TABLE notices, maintenance, silences;
