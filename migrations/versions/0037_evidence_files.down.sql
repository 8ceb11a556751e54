-- Videos and documents are deleted: the former form has none.
DELETE FROM evidence WHERE media_type <> 'image/jpeg';
ALTER TABLE evidence DROP CONSTRAINT evidence_files_have_a_type;
ALTER TABLE evidence RENAME CONSTRAINT evidence_same_file_once TO evidence_same_photo_once;
ALTER TABLE evidence RENAME COLUMN content TO photo;
ALTER TABLE evidence DROP COLUMN media_type;
COMMENT ON COLUMN evidence.sha256 IS 'hash of the photo as it was sent';
COMMENT ON COLUMN evidence.photo IS 'JPEG, encoded again, without what the camera wrote into it';
