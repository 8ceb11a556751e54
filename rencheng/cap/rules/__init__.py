"""Rules of CAP that its schema does not check, one function a rule; `validation.py` lists them."""
