"""`rencheng quarantine`: list and replay rejected messages."""
