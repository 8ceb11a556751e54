"""The live stream of warnings over Server-Sent Events."""
