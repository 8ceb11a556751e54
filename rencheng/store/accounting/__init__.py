"""The count of every reading received: stored, duplicate, quarantined, in flight."""
