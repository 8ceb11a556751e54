"""Response: sends what was decided to people and systems, and keeps the ledger of it."""
