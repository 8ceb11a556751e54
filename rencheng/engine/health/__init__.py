"""Decide how far a gauge is believed: sensor health and the filter of sudden jumps."""
