"""The metrics of each service, with their types and meanings. A process imports its own module only."""
