"""Key figures by region and month."""
