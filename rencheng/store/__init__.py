"""The only package with SQL, one sub-package per subject. Functions take a connection and never commit.

Exceptions take an engine and say why: `rollups.refresh.roll_up`, `jobs.acquire_runner`, `registry.cache`.
"""
