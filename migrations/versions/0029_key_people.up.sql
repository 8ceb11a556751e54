-- A key may name the person who uses it. Acts that need two people count people, not keys.
ALTER TABLE api_keys ADD COLUMN person_id text;
COMMENT ON COLUMN api_keys.person_id IS 'the person who uses it, and signs with it; null: a program, or an office';
