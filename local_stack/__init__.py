"""TimescaleDB and Mosquitto on one machine, without Docker and root.

Start reading at `stack` (what `up` does). `programs` gets the programs from the machine's package sources; `postgres`
and `mosquitto` run the servers, also for tests.
"""
