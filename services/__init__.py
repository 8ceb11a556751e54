"""The three processes: ingest, alerts and the API. They meet in the database and on the broker, never in an import."""
