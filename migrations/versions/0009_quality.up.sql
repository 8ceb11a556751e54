-- The limits profile of a gauge's readings.
ALTER TABLE devices ADD COLUMN gauge text NOT NULL DEFAULT 'street';

-- The flags of the series tests, with the key of the reading. The row of the reading stays unchanged, and only readings
-- with flags have a row here.
CREATE TABLE series_flags (
    device_id text NOT NULL,
    time timestamptz NOT NULL,
    channel smallint NOT NULL,
    flags smallint NOT NULL,
    evaluated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (device_id, time, channel)
);
COMMENT ON COLUMN series_flags.flags IS 'bits of Quality; a reading without a row: nothing found';

-- The progress of the series tests, by gauge.
CREATE TABLE series_states (
    device_id text PRIMARY KEY,
    evaluated_through timestamptz NOT NULL,
    channels jsonb NOT NULL
);
COMMENT ON COLUMN series_states.evaluated_through IS 'no reading up to this sample time is looked at again';
COMMENT ON COLUMN series_states.channels IS 'what the tests remember, by channel';
