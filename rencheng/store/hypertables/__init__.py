"""The hypertables: their names, chunks, compression, and the edition of TimescaleDB."""
