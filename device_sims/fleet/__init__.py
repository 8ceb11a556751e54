"""A fleet of devices as a load: tens of thousands of identities at set rates, with faults, from a seed.

`plan` has the devices, `schedule` their messages (the same plan gives the same bytes), `connection_map` the connection
of each device, `player` runs the connections, `ledger` records every published message by key.
"""
