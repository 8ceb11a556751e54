"""The alert service: source → evaluate → render → suppress → record → relay."""
