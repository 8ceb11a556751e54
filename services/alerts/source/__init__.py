"""Where readings come from: the broker live, the stored readings after a gap, and the devices near sites."""
