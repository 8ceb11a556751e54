"""Process one batch: decode, check, enforce quotas, write."""
