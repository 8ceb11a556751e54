"""Evaluate recorded data by the evaluator of the live service, as an exercise: lines of text in, lines of text out."""
