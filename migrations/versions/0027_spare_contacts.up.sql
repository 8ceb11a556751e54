-- Contact methods that get red warnings from memory while the database is away.
ALTER TABLE contact_methods ADD COLUMN spare boolean NOT NULL DEFAULT false;
ALTER TABLE contact_methods ADD CONSTRAINT contact_methods_in_the_spare_list_have_filters
    CHECK (NOT spare OR subscriber_id IS NOT NULL);
COMMENT ON COLUMN contact_methods.spare IS 'gets red from memory while the database is away';
