"""What was refused is tried again, by the very same intake and writing, and the account stays exact.

An entry stands for `times` receptions that count as quarantined. Replayed, its readings leave there: each is stored
once and otherwise a duplicate, or is refused again, for another reason, as an entry of its own. What is refused for the
same reason stays as it was. An entry that was replayed is closed: to replay it again does nothing.
"""
