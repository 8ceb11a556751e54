"""Calls 叫应: a person with a duty is called until one answers. Rosters, policies, and the call's state machine."""
