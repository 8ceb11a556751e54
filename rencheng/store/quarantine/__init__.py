"""Messages and readings that were rejected, kept with their payload until they are replayed."""
