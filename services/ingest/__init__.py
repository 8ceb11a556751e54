"""A reading's way: session → inbox → pool → partition worker → processor → writer → acknowledgement → reply."""
