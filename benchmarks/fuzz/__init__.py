"""`make fuzz`: a million messages that no device should send, and what they cost the devices beside them."""
