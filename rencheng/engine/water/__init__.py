"""The water at one gauge: inundation events and the trend of the level."""
