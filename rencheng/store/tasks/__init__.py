"""Response plans, incidents with their tasks and evidence, and responses of a region."""
