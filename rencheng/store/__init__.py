"""The only room that speaks SQL. Its functions take a connection and never commit."""
