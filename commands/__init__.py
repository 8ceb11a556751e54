"""The `rencheng` command: one file for each group of verbs."""
