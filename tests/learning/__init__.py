"""How the engine's model is learned."""
