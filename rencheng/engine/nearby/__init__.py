"""Signals and piles around a site: do they support what its gauges say? They never raise or mute a warning. Pure."""
