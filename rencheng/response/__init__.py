"""What follows a warning: messages to people and systems, and calls until somebody answers. Deterministic, no I/O."""
