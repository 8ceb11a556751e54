"""What follows a warning, in the database: contacts, and the ledger of messages to them."""
