"""Weather: read the rain signals in force, accept signals and forecasts."""
