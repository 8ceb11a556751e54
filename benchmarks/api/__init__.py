"""The speed of the API, as ratios to the same SQL in the same run."""
