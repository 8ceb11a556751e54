"""`python -m benchmarks.skill`: how early, how rightly and how often in vain the engine warns, beside baselines."""
