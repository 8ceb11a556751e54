"""CAP 1.2: write, read and validate messages; the national rain signals; the Atom feed."""
