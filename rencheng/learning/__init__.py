"""How the engine's model is learned from recordings, and the one that is shipped."""
