"""`rencheng device` and `rencheng gateway`: the device registry."""
