"""The message types that leave the alert service."""
