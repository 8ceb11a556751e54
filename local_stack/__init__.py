"""Real TimescaleDB and real Mosquitto on one machine, with no Docker and no root.

Read in this order: `stack` (what `up` does), `programs` (from the machine's own package sources to programs that run),
`postgres` and `mosquitto` (the servers; also for throw-away ones in tests).
"""
