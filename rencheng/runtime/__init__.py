"""What every process needs to run: settings, logs, signals, metrics."""
