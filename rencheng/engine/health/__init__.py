"""Decide which depths of a gauge are accepted: sensor health, and the filter of sudden jumps."""
