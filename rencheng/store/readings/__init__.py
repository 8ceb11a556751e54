"""Write readings, and read those of single devices. Reading by time bucket is `history`."""
