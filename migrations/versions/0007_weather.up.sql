-- Rain signals and forecasts of the weather service, as received. Which signals are in force follows from their times and
-- references and is not stored, so that the order of arrival does not matter.
CREATE TABLE rain_signals (
    identifier text NOT NULL,
    world text NOT NULL REFERENCES worlds,
    sender text NOT NULL,
    message_type text NOT NULL,
    level smallint NOT NULL,
    sent_at timestamptz NOT NULL,
    effective_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    regions text[] NOT NULL,
    "references" text[] NOT NULL,
    headline text NOT NULL,
    status text NOT NULL,
    document text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (identifier, world)
);
CREATE INDEX rain_signals_by_time ON rain_signals (sent_at);
COMMENT ON COLUMN rain_signals.document IS 'as it came';

CREATE TABLE rain_forecasts (
    world text NOT NULL REFERENCES worlds,
    region text NOT NULL,
    source text NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to timestamptz NOT NULL,
    issued_at timestamptz NOT NULL,
    rain_mm double precision NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (world, region, source, valid_from, valid_to, issued_at)
);
CREATE INDEX rain_forecasts_by_end ON rain_forecasts (valid_to);
