"""Delivery in a storm: many sites turn red, and a third of the subscribers fail."""
