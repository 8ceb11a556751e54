-- Who changed what: the audit log only grows. No role updates an entry; only the owner of the table deletes old ones.
CREATE FUNCTION keep_audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        RAISE EXCEPTION 'entries of the audit log cannot be changed' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF current_user <> (SELECT pg_get_userbyid(relowner) FROM pg_class WHERE oid = TG_RELID) THEN
        RAISE EXCEPTION 'only the owner of the audit log deletes old entries' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION keep_audit();
CREATE INDEX audit_by_action ON audit (action, audit_id);

ALTER TABLE site_profiles ADD COLUMN made_by text;
COMMENT ON COLUMN site_profiles.made_by IS 'who set these thresholds; null: before authors were kept';

ALTER TABLE api_keys
    ADD COLUMN regions text[] NOT NULL DEFAULT '{}',
    ADD COLUMN worlds text[] NOT NULL DEFAULT '{}',
    ADD COLUMN made_by text,
    ADD COLUMN last_used_at timestamptz;
COMMENT ON COLUMN api_keys.regions IS 'GB/T 2260 codes that the key is bound to; empty: all';
COMMENT ON COLUMN api_keys.worlds IS 'worlds that the key is bound to; empty: all';
COMMENT ON COLUMN api_keys.last_used_at IS 'written at most once a minute';
