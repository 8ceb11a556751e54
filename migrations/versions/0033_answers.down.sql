ALTER TABLE call_policies DROP COLUMN author;
ALTER TABLE contact_methods DROP COLUMN quiet_from, DROP COLUMN quiet_until;
DROP TABLE contact_proofs, replies, reply_codes, handovers;
