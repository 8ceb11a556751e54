ALTER TABLE rain_signals
    ADD COLUMN part smallint NOT NULL DEFAULT 0,
    ADD COLUMN ends boolean NOT NULL DEFAULT false,
    ADD COLUMN withdrawn_at timestamptz;
UPDATE rain_signals SET ends = true WHERE message_type = 'Cancel';
ALTER TABLE rain_signals DROP CONSTRAINT rain_signals_pkey;
ALTER TABLE rain_signals ADD PRIMARY KEY (identifier, world, part);
CREATE INDEX rain_signals_by_receipt ON rain_signals (received_at);
COMMENT ON COLUMN rain_signals.document IS 'as received; of a message with several parts, with the first';
COMMENT ON COLUMN rain_signals.ends IS 'only ends what it refers to';

ALTER TABLE rain_forecasts ADD COLUMN withdrawn_at timestamptz;
