"""`python -m benchmarks.noise`: how often the engine warns in a year in which there is noise and never water."""
