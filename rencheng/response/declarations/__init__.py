"""Responses IV to I of a region: the rule that proposes one, and the state machine of it."""
