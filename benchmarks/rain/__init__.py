"""How well rain alone foretells water: `make rain`."""
