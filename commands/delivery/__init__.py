"""`rencheng subscriber`, `rencheng contact` and `rencheng dispatch`: who gets warnings, and what became of them."""
