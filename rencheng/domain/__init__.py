"""The language of the platform: plain values and rules about them, from the standard library alone."""
