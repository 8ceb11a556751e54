"""`rencheng demo`: the whole main job, on this machine, in two minutes."""

import sys
from typing import Annotated

import typer
from rich.console import Console

from demo import story
from demo.live_view import LiveView
from demo.platform import Platform, running
from demo.welcome import welcome
from local_stack.progress import progress_for_stdout
from local_stack.stack import up
from rencheng.runtime.lifecycle import stop_on_signals
from rencheng.runtime.settings import DatabaseSettings, checkout
from rencheng.store.core.database import open_database, translate_errors

LOG_WIDTH = 120
"""Characters in a line where no terminal says how wide it is."""


def demo(
    leave: Annotated[bool, typer.Option("--exit", help="End after the report, on a terminal too.")] = False,
    speed: Annotated[float, typer.Option(help="Seconds of the story in a second.", min=1, max=2000)] = story.SPEED,
) -> None:
    """Replay twelve recorded floods through the real platform, and report what became of every reading."""
    console = Console(width=None if sys.stdout.isatty() else LOG_WIDTH, highlight=False)
    root = checkout()
    up(root, progress_for_stdout())
    engine = open_database(DatabaseSettings.load().database_url, name="rencheng-demo")
    with translate_errors():
        city, passwords = story.prepare(engine, console)
        with running(root / "build/demo/logs") as platform:
            console.print("ingest, alerts and API are running", highlight=False)
            played = story.play(city, passwords, LiveView(console, engine, story.WORLD), speed=speed)
            outcome = story.conclude(engine, city, played, platform, root, console)
            file = outcome.report_file.relative_to(root)
            console.print(f"report: {file} and, with a picture of each flood, {file.with_suffix('.html')}")
            if console.is_terminal and not leave:
                welcome(console, engine, platform.api_url)
                _stay(platform)
    engine.dispose()
    console.print("The database and the broker stay up; `make down` stops them.", highlight=False)


def _stay(platform: Platform) -> None:
    stop = stop_on_signals()
    while not stop.wait(1.0):
        platform.check_alive()
