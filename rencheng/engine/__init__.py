"""From readings to level changes. Pure: no clock, no I/O; live running, replay and scoring share it."""
