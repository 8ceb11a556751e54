"""`rencheng demo`: from devices to warnings on this machine, in two minutes."""

import sys
from typing import Annotated

import typer
from rich.console import Console

from demo import story
from demo.live_view import LiveView
from demo.one_place import people_on_duty, show_place
from demo.platform import Platform, running
from demo.welcome import welcome
from local_stack.progress import progress_for_stdout
from local_stack.stack import up
from rencheng.runtime.lifecycle import stop_on_signals
from rencheng.runtime.settings import DatabaseSettings, checkout
from rencheng.store.core.database import open_database, translate_errors

LOG_WIDTH = 120
"""Line width where the output is not a terminal, characters."""


def demo(
    leave: Annotated[bool, typer.Option("--exit", help="Exit after the report, even on a terminal.")] = False,
    speed: Annotated[
        float, typer.Option(help="Replay speed: recorded seconds per second.", min=1, max=2000)
    ] = story.SPEED,
) -> None:
    """Replay twelve recorded floods through the real services, and account for every reading."""
    console = Console(width=None if sys.stdout.isatty() else LOG_WIDTH, highlight=False)
    root = checkout()
    up(root, progress_for_stdout())
    engine = open_database(DatabaseSettings.load().database_url, name="rencheng-demo")
    with translate_errors():
        city, passwords = story.prepare(engine, console)
        with (
            people_on_duty(engine, story.WORLD, speed) as (people, keys),
            running(root / "build/demo/logs") as platform,
        ):
            console.print("ingest, alerts, response and API are running", highlight=False)
            people.begin(platform.api_url, keys.people, keys.gateway, story.WORLD)
            played = story.play(city, passwords, LiveView(console, engine, story.WORLD), speed=speed)
            outcome = story.conclude(engine, city, played, platform, root, console)
            file = outcome.report_file.relative_to(root)
            show_place(engine, story.WORLD, root / "build/demo/event-report.html", console, root=root, speed=speed)
            console.print(f"report: {file} (data) and {file.with_suffix('.html')} (hydrographs)")
            if console.is_terminal and not leave:
                welcome(console, engine, platform.api_url)
                _wait_for_stop(platform)
    engine.dispose()
    console.print("Database and broker keep running; `make down` stops them.", highlight=False)


def _wait_for_stop(platform: Platform) -> None:
    stop = stop_on_signals()
    while not stop.wait(1.0):
        platform.check_alive()
