"""The metadata of all tables, for comparing and migrating the whole schema."""

from rencheng.store.schema import (
    account_tables,
    answer_tables,
    call_tables,
    command_tables,
    delivery_tables,
    identity_tables,
    job_tables,
    quality_tables,
    report_tables,
    rollup_tables,
    suppression_tables,
    task_tables,
    waterworks_tables,
    weather_tables,
)

metadata = account_tables.metadata

MODULES = (
    account_tables,
    answer_tables,
    call_tables,
    command_tables,
    delivery_tables,
    identity_tables,
    job_tables,
    quality_tables,
    report_tables,
    rollup_tables,
    suppression_tables,
    task_tables,
    waterworks_tables,
    weather_tables,
)
"""Importing a module registers its tables in `metadata`."""
