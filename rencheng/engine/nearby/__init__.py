"""Evidence of traffic signals and charging piles near a site: it corroborates or contradicts, and sets no level."""
