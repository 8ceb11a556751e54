"""The channels: one file for each protocol. A channel sends one message and reports the result; it stores nothing."""
