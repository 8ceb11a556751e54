DROP TABLE call_policies, overrides, shifts, rosters, people;
