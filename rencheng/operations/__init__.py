"""Changes by people and programs, each with its entry in the audit log. API and commands call the same functions."""
