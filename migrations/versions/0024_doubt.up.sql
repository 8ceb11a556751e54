ALTER TABLE sites ADD COLUMN verify_by text NOT NULL DEFAULT '';
COMMENT ON COLUMN sites.verify_by IS 'the camera or patrol that can look at the site';

ALTER TABLE notices
    ADD COLUMN doubt_id text,
    ADD COLUMN doubt jsonb,
    ADD COLUMN cap_xml text;
COMMENT ON COLUMN notices.doubt IS 'of a notice of doubt: gauge, depths, threshold, outcome';
CREATE INDEX notices_by_doubt ON notices (doubt_id, notice_id) WHERE doubt_id IS NOT NULL;

CREATE TABLE doubt_answers (
    doubt_id text PRIMARY KEY,
    site_id text NOT NULL,
    world text NOT NULL REFERENCES worlds,
    kind text NOT NULL,
    seen_by text NOT NULL,
    note text NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT doubt_answers_confirm_or_deny CHECK (kind IN ('confirm', 'deny'))
);
COMMENT ON COLUMN doubt_answers.seen_by IS 'who looked; messages name it';
CREATE INDEX doubt_answers_by_time ON doubt_answers (made_at);
