"""`python -m benchmarks.warning_latency`: from publish to the warning on the broker, under a city's traffic."""
