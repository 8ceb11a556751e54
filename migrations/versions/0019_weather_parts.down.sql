ALTER TABLE rain_forecasts DROP COLUMN withdrawn_at;

DELETE FROM rain_signals WHERE part > 0 OR withdrawn_at IS NOT NULL OR (ends AND message_type <> 'Cancel');
DROP INDEX rain_signals_by_receipt;
ALTER TABLE rain_signals DROP CONSTRAINT rain_signals_pkey;
ALTER TABLE rain_signals ADD PRIMARY KEY (identifier, world);
ALTER TABLE rain_signals DROP COLUMN part, DROP COLUMN ends, DROP COLUMN withdrawn_at;
COMMENT ON COLUMN rain_signals.document IS 'as received';
