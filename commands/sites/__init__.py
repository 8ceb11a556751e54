"""`rencheng site`: the watched sites."""
