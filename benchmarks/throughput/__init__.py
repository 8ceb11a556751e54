"""How much ingest carries, beside what others carry: same machine, same messages, in one run."""
