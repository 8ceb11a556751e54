"""`make adversary`: accounts, keys and nobody at all attack the platform, while a city publishes and floods."""
