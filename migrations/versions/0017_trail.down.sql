ALTER TABLE api_keys DROP COLUMN regions, DROP COLUMN worlds, DROP COLUMN made_by, DROP COLUMN last_used_at;
ALTER TABLE site_profiles DROP COLUMN made_by;
DROP INDEX audit_by_action;
DROP TRIGGER audit_only_grows ON audit;
DROP FUNCTION keep_audit();
