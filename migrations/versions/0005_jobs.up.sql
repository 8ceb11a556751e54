-- Periodic jobs: the last run of each job.
CREATE TABLE jobs (
    name text PRIMARY KEY,
    every interval NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz,
    succeeded_at timestamptz,
    failures integer NOT NULL,
    figures jsonb,
    error text
);
COMMENT ON COLUMN jobs.failures IS 'since the last success';
