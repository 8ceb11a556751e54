"""The rules of CAP that its schema does not hold, one function a rule; `rules.py` is the list of them."""
