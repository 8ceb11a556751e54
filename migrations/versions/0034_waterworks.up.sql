CREATE TABLE pump_reports (
    site_id text NOT NULL REFERENCES sites ON DELETE CASCADE,
    pump text NOT NULL,
    begins_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    state text NOT NULL CHECK (state IN ('running', 'stopped', 'failed')),
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (site_id, pump, begins_at)
);
CREATE TABLE high_waters (
    site_id text NOT NULL REFERENCES sites ON DELETE CASCADE,
    source text NOT NULL,
    at timestamptz NOT NULL,
    depth_mm double precision NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (site_id, source, at)
);
COMMENT ON COLUMN high_waters.depth_mm IS 'at the lowest point of the site';
