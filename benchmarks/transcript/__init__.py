"""`python -m benchmarks.transcript`: what the engine as it is says to recordings and to made cities, written down.

Written here, because a rule that changes a warning must show in a review as a line of text: `tests/alerts` compares
message by message, and `benchmarks.mutants` asks the same of other streets and other dice.
"""
