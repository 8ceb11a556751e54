"""Walk 2, a warning: feed → engine → outbox → delivery."""
