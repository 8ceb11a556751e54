"""What has to be done again and again, and needs nobody's hand: one runner, plain functions."""
