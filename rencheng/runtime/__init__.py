"""The runtime of every process: settings, logs, signals, clock, timers, metrics."""
