"""`rencheng quarantine`: the commands of quarantine."""

import typer

from commands.quarantine import inspect, replay

app = typer.Typer(help="Quarantine 隔离区: list, inspect, correct and replay rejected messages.", no_args_is_help=True)
app.command("list")(inspect.list_rejected)
app.command("show")(inspect.show)
app.command("replay")(replay.replay_rejected)
app.command("reasons")(inspect.reasons)
