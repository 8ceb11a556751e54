"""`rencheng reference`: the documents that are generated from the code."""
