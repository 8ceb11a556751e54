"""`rencheng storage`: readings, rollups and retention."""
