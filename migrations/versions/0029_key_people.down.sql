ALTER TABLE api_keys DROP COLUMN person_id;
