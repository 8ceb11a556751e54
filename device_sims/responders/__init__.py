"""Simulated people on duty: they get messages as real ones do, and answer in time, late, wrongly or never."""
