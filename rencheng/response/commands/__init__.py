"""Commands to devices: what they may be, their state machine, interlocks and proposals; deterministic."""
