"""Response: plans, tasks with their evidence, and declared responses."""
