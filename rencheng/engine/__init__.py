"""The engine: from readings to level changes. Deterministic: no I/O, no clock. Service and back-test share it."""
