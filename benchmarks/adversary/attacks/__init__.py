"""The attacks, by what the attacker holds: a device's account, an API key, or nothing."""
