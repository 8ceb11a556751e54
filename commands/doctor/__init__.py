"""`rencheng doctor`: check the broker and the database."""
