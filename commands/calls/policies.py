"""`rencheng policy`: who is called at a level, in which order."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.calls.json_lists import read_forms
from commands.change_lines import print_changes
from commands.database_access import operator, transaction
from rencheng.operations.form_changes import change_lines
from rencheng.operations.people import add_policy_version, approve_policy_version
from rencheng.response.calls.forms import CallPolicyForm
from rencheng.store.calls.policies import list_policies, policies_in_force

app = typer.Typer(help="Policies of calls 叫应规则: who is called, in which order.", no_args_is_help=True)


@app.command("import")
def import_policies(
    file: Annotated[
        Path, typer.Argument(help="A YAML or JSON list of policies; docs/how-to/call-people.md shows one.")
    ],
    check: Annotated[bool, typer.Option("--check", help="Show what would change; write nothing.")] = False,
) -> None:
    """Write versions of policies, all or none. Each comes into force when another person approves it."""
    forms = read_forms(CallPolicyForm, file)
    if check:
        with transaction() as connection:
            newest = {each.form.policy_id: each.form for each in list_policies(connection)}
        print_changes({form.policy_id: change_lines(newest.get(form.policy_id), form) for form in forms})
        return
    with transaction() as connection:
        versions = {form.policy_id: add_policy_version(connection, form, actor=operator()) for form in forms}
    for policy_id, version in versions.items():
        typer.echo(f"{policy_id} version {version}: another person approves it with `rencheng policy approve`")


@app.command()
def approve(
    policy: Annotated[str, typer.Argument(help="The policy.")],
    version: Annotated[int, typer.Argument(min=1, help="Its version.")],
) -> None:
    """Approve a version of a policy for a year, or renew its approval. Who wrote it cannot approve it."""
    with transaction() as connection:
        until = approve_policy_version(connection, policy, version, actor=operator())
    typer.echo(f"{policy} version {version} is approved until {until:%Y-%m-%d}")


@app.command("list")
def list_() -> None:
    """Show all versions of all policies."""
    now = datetime.now(UTC)
    with transaction() as connection:
        found = list_policies(connection)
    in_force = {(each.form.policy_id, each.version) for each in policies_in_force(found)}
    table = Table("policy", "version", "region", "type", "level", "steps", "by", "approved by", "state", box=None)
    for each in found:
        form = each.form
        state = "in force" if (form.policy_id, each.version) in in_force else "not in force"
        if each.approved_until and each.approved_until < now:
            state += ", approval to be renewed"
        kind = form.site_type or "all"
        names = (form.policy_id, str(each.version), form.region, kind, form.level, str(len(form.steps)))
        table.add_row(*names, each.made_by, each.approved_by or "–", state)
    Console().print(table)
