"""`rencheng site`: the commands of the watched sites."""

import typer

from commands.sites import changes, doubts, registry, waterworks

app = typer.Typer(help="Watched sites 重点场所: import, show, change and bind.", no_args_is_help=True)
app.command("add")(registry.add)
app.command("import")(registry.import_sites)
app.command("show")(registry.show)
app.command("list")(registry.list_sites)
app.command("set")(changes.set_site)
app.command("doubts")(doubts.doubts)
app.command("confirm")(doubts.confirm)
app.command("deny")(doubts.deny)
app.command("pump")(waterworks.pump)
app.command("tides")(waterworks.tides)
app.command("bind")(changes.bind)
app.command("unbind")(changes.unbind)
