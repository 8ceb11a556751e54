"""The rows behind the key figures."""
