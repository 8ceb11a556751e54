"""`python -m benchmarks.engine_speed`: how many readings of a city the engine judges a second, on one core."""
