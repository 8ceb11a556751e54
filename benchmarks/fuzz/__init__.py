"""`make fuzz`: a million malformed messages, and their effect on other devices."""
