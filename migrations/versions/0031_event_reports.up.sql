-- Versions of event reports. A version never changes.
CREATE TABLE event_reports (
    warning_id text NOT NULL REFERENCES warnings ON DELETE CASCADE,
    version integer NOT NULL,
    inputs_event_id bigint,
    document jsonb NOT NULL,
    page text NOT NULL,
    sha256 bytea NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (warning_id, version)
);
COMMENT ON COLUMN event_reports.inputs_event_id IS 'the last message of the warning that it knows';
COMMENT ON COLUMN event_reports.page IS 'the document as HTML, as it was made';
COMMENT ON COLUMN event_reports.sha256 IS 'of the document';
