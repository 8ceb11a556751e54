"""Delivery: which subscriber gets which message, in which order, and what follows from an attempt."""
