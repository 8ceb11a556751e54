-- One row per process, written every two seconds. /health, status, doctor and compose judge the parts of the platform by
-- it: rencheng/domain/part_rules.py.
CREATE TABLE heartbeats (
    part text NOT NULL,
    instance text NOT NULL,
    started_at timestamptz NOT NULL,
    at timestamptz NOT NULL,
    has_stopped boolean NOT NULL,
    version text NOT NULL,
    figures jsonb NOT NULL,
    PRIMARY KEY (part, instance)
);
COMMENT ON COLUMN heartbeats.part IS 'ingest, alerts, api, jobs or accounts';
COMMENT ON COLUMN heartbeats.instance IS 'of several processes of a part; stable across restarts';
COMMENT ON COLUMN heartbeats.has_stopped IS 'it was asked to stop, and this is its last heartbeat';
COMMENT ON COLUMN heartbeats.figures IS 'seconds and numbers, such as lag_s and undelivered';
