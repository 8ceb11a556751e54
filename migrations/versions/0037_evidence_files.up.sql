-- Evidence may be a video or a document, beside photos.
ALTER TABLE evidence ADD COLUMN media_type text;
UPDATE evidence SET media_type = 'image/jpeg' WHERE photo IS NOT NULL;
ALTER TABLE evidence RENAME COLUMN photo TO content;
ALTER TABLE evidence RENAME CONSTRAINT evidence_same_photo_once TO evidence_same_file_once;
ALTER TABLE evidence ADD CONSTRAINT evidence_files_have_a_type CHECK ((content IS NULL) = (media_type IS NULL));
COMMENT ON COLUMN evidence.sha256 IS 'hash of the file as it was sent';
COMMENT ON COLUMN evidence.content IS 'a JPEG, encoded again, without what the camera wrote into it; an MP4 or PDF as it was sent';
