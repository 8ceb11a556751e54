DROP TABLE doubt_answers;
DELETE FROM notices WHERE doubt_id IS NOT NULL;
DROP INDEX notices_by_doubt;
ALTER TABLE notices DROP COLUMN cap_xml, DROP COLUMN doubt, DROP COLUMN doubt_id;
ALTER TABLE sites DROP COLUMN verify_by;
