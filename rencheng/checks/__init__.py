"""Quality checks: of a single reading here, of a series in `series`. Deterministic: no I/O, no clock."""
