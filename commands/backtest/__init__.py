"""`rencheng backtest`: evaluate recorded readings."""
