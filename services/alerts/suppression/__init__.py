"""Suppression of an alarm flood: which messages are delivered now, later, or as part of a summary, in event time.

Every warning is recorded and is on the live stream. Suppression decides only what is delivered to dispatch, so that in
a flood the few messages that need action stand out.
"""
