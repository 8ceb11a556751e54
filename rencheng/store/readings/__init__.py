"""Write readings, and read those of single devices."""
