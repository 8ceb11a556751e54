"""`rencheng people`, `roster` and `policy`: who is called, when and in which order."""
