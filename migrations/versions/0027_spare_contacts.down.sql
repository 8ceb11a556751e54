ALTER TABLE contact_methods DROP COLUMN spare;
