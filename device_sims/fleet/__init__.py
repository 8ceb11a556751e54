"""A city's fleet of devices as a load: tens of thousands of identities at set rates, with faults, by a seed.

`plan` says who they are, `timetable` what each sends and when (pure: the same plan gives the same bytes), `crossbar` on
which connection each travels, `player` holds the connections, `ledger` keeps account of what was published, by key.
"""
