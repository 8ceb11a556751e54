"""`rencheng device`: the commands of the device registry."""

import typer

from commands.devices import lifecycle, lists, registry

app = typer.Typer(
    help="Devices 设备: register, change, replace and retire devices; admit pending ones.", no_args_is_help=True
)
app.command("add")(registry.add)
app.command("change")(registry.change)
app.command("show")(registry.show)
app.command("list")(registry.list_devices)
app.command("rotate")(lifecycle.rotate)
app.command("replace")(lifecycle.replace)
app.command("retire")(lifecycle.retire)
app.command("import")(lists.import_devices)
app.command("pending")(lists.show_pending)
app.command("admit")(lists.admit_pending)
