"""CAP 1.2: write, parse and validate messages; read the national rain signals; write the Atom feed."""
