"""Tests of a single reading, one question each, all pure. Ingest keeps no state by device."""
