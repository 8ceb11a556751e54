"""`rencheng plan`, `task`, `response`, `actuator` and `command`: what is done about a warning."""
