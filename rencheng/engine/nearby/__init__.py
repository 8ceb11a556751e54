"""Evidence of traffic signals and chargers near a site: it corroborates or contradicts, and sets no level."""
