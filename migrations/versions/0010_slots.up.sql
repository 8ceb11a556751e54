-- The number of ingest writers that the operator requested: one row, or none.
CREATE TABLE ingest_slots (
    one boolean PRIMARY KEY DEFAULT true CONSTRAINT ingest_slots_is_one_row CHECK (one),
    wanted smallint NOT NULL CONSTRAINT ingest_slots_are_some CHECK (wanted BETWEEN 1 AND 16)
);
