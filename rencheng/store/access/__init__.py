"""API keys, and the audit of who did what."""
