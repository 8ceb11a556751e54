"""How well rain alone predicts water: `make rain`."""
