"""Event reports: the rows that they are computed from, and their versions."""
