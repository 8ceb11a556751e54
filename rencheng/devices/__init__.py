"""The life of a device: registration, replacement, retirement, onboarding, broker account."""
