"""Weather: what is said from outside of the rain to come, and how ready a site is to be. Pure."""
