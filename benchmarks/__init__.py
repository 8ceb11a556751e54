"""What the platform achieves, measured: the skill of its warnings on real recordings."""
