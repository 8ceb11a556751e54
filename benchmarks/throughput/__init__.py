"""The throughput of ingest beside its peers: same machine, same messages, one run."""
