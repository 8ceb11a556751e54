"""Replay quarantined messages through intake and writing, and keep the account exact.

An entry represents `times` receptions that count as quarantined. A replay moves its readings: each is stored once and
otherwise a duplicate, or is rejected again for another reason, as a new entry. An entry that is rejected for the same
reason stays as it was. A replayed entry is closed, and another replay does nothing.
"""
