CREATE TABLE rain_nowcasts (
    site_id text NOT NULL REFERENCES sites ON DELETE CASCADE,
    source text NOT NULL,
    issued_at timestamptz NOT NULL,
    members jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (site_id, source, issued_at)
);
CREATE INDEX rain_nowcasts_by_receipt ON rain_nowcasts (received_at);
COMMENT ON COLUMN rain_nowcasts.members IS '[share, [[seconds ahead, mm until then], ...]] each';
