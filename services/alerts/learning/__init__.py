"""How the engine's model is learned from recordings, and the one that is shipped. Nothing here runs live but its reading."""
