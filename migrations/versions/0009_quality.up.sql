-- Which limits a gauge's readings are tested by.
ALTER TABLE devices ADD COLUMN gauge text NOT NULL DEFAULT 'street';

-- What the tests that need a series found, with the reading's own key: flags accompany a reading, so its row stays as it
-- came. Only what was found stands here.
CREATE TABLE series_flags (
    device_id text NOT NULL,
    time timestamptz NOT NULL,
    channel smallint NOT NULL,
    flags smallint NOT NULL,
    evaluated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (device_id, time, channel)
);
COMMENT ON COLUMN series_flags.flags IS 'bits of Quality; a reading without a row: nothing found';

-- How far the periodic job has come with each gauge that no site binds.
CREATE TABLE series_states (
    device_id text PRIMARY KEY,
    evaluated_through timestamptz NOT NULL,
    channels jsonb NOT NULL
);
COMMENT ON COLUMN series_states.evaluated_through IS 'no reading up to this sample time is looked at again';
COMMENT ON COLUMN series_states.channels IS 'what the tests remember, by channel';
