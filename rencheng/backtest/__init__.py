"""Recorded data through the very same engine as live, as an exercise. Pure: lines of text in, lines of text out."""
