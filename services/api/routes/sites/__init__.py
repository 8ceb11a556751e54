"""Sites: read and write."""
