DROP TABLE ingest_slots;
