"""`rencheng plan`, `task` and `response`: what is done about a warning."""
