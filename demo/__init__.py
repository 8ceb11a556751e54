"""`make demo`: real floods through the real platform, with a report that must add up."""
