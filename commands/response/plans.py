"""`rencheng plan`: the tasks of a place at a level."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from commands.change_lines import print_changes
from commands.database_access import operator, transaction
from commands.files import whole_text, write_lines
from commands.response.signing import PersonKey
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.place import CITY_ZONE
from rencheng.operations.plan_files import default_text, plans_of_text, text_of_plans
from rencheng.operations.plans import add_plan_version, approve_plan_version, plan_for, try_plans
from rencheng.operations.plans import preview as preview_plan
from rencheng.operations.signers import Signer, signer_of_token
from rencheng.response.tasks.plan import TaskPhase, choose_plan
from rencheng.store.registry.sites import find_sites
from rencheng.store.tasks.plans import list_plans, plans_in_force

app = typer.Typer(help="Response plans 应急预案: the tasks of a place at a level.", no_args_is_help=True)

PlanName = Annotated[str, typer.Argument(help="The plan.")]


@app.command()
def export(
    file: Annotated[Path, typer.Argument(help="The YAML file to write.")],
    own: Annotated[bool, typer.Option("--own", help="The plans in force, instead of the default ones.")] = False,
) -> None:
    """Write plans as YAML, to edit and import: the default plans, or those in force."""
    text = default_text()
    if own:
        with transaction() as connection:
            text = text_of_plans(each.form for each in plans_in_force(list_plans(connection)))
    write_lines(file, text.splitlines())
    typer.echo(f"{file} is written")


@app.command("import")
def import_plans(
    file: Annotated[Path, typer.Argument(help="A YAML or JSON list of plans; `rencheng plan export` writes one.")],
    check: Annotated[bool, typer.Option("--check", help="Show what would change; write nothing.")] = False,
) -> None:
    """Write versions of plans, all or none. Each comes into force when two people approve it."""
    forms = plans_of_text(whole_text(file), file.name)
    signer = Signer(operator(), None)
    if check:
        with transaction() as connection:
            print_changes(try_plans(connection, forms, signer=signer))
        return
    with transaction() as connection:
        versions = {form.plan_id: add_plan_version(connection, form, signer=signer) for form in forms}
    for plan_id, version in versions.items():
        typer.echo(f"{plan_id} version {version}: two people approve it with `rencheng plan approve`")


@app.command()
def approve(
    plan: PlanName, version: Annotated[int, typer.Argument(min=1, help="Its version.")], key: PersonKey
) -> None:
    """Approve a version of a plan for a year, or renew its approval. Who wrote it cannot approve it."""
    with transaction() as connection:
        until = approve_plan_version(connection, plan, version, signer=signer_of_token(connection, key, operator()))
    if until is None:
        typer.echo("your approval is recorded; another person must approve it, too")
    else:
        typer.echo(f"{plan} version {version} is approved until {until:%Y-%m-%d}")


@app.command("list")
def list_() -> None:
    """Show all versions of all plans."""
    with transaction() as connection:
        found = list_plans(connection)
    in_force = {(each.form.plan_id, each.version) for each in plans_in_force(found)}
    table = Table("plan", "version", "region", "type", "site", "tasks", "by", "approved by", "state", box=None)
    for each in found:
        form = each.form
        state = "in force" if (form.plan_id, each.version) in in_force else "not in force"
        if each.approved_until and each.approved_until < datetime.now(UTC):
            state += ", approval to be renewed"
        place = (form.region, form.site_type or "all", form.site_id or "")
        approvers = ", ".join(each.approvers) or "–"
        by = each.author_id or each.made_by
        table.add_row(form.plan_id, str(each.version), *place, str(len(form.tasks)), by, approvers, state)
    Console().print(table)


@app.command()
def preview(
    site: Annotated[str, typer.Argument(help="The site.")],
    level: Annotated[str, typer.Option(help="blue, yellow, orange or red.")] = "red",
    file: Annotated[Path | None, typer.Option(help="Try the plans of a file instead of those in force.")] = None,
) -> None:
    """Show the tasks that a level of a site would generate now, and who would get them. Nothing is written."""
    with transaction() as connection:
        found = find_sites(connection, [site]).get(site)
        if found is None:
            raise NotPossible(f"there is no site {site}; `rencheng site list` shows all")
        tried = [form.to_plan(0) for form in plans_of_text(whole_text(file), file.name)] if file else None
        plan = plan_for(connection, found) if tried is None else choose_plan(tried, found)
        if plan is None:
            raise NotPossible(f"no plan is for the site {site}, of type {found.site_type} in {found.region}")
        try:
            tasks = preview_plan(connection, found, Level.parse(level), plan, datetime.now(UTC))
        except ValueError as error:
            raise NotPossible(str(error)) from None
    typer.echo(f"plan {plan.plan_id} version {plan.version}, {found.name_zh} {found.name_en}, {level}")
    table = Table("task", "title", "role", "on duty now", "due", "evidence", "signatures", box=None)
    for each in tasks:
        template = each.template
        due = f"{each.due_at.astimezone(CITY_ZONE):%H:%M}"
        when = f"{due} after the all-clear" if template.phase is TaskPhase.AFTER else due
        evidence = ", ".join(template.evidence)
        titles = (template.template_id, f"{template.title_zh} {template.title_en}", template.role)
        table.add_row(*titles, each.duty.person_id or "nobody", when, evidence, str(template.signatures or ""))
    Console().print(table)
