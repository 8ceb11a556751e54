"""`rencheng serve`: all services on one machine."""
