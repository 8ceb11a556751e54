"""`rencheng drill`: a recorded storm over simulated people and devices, and the times of the chain."""

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from demo.drill import story
from demo.drill.folder import SHIPPED, read_folder
from demo.drill.outcome import show_outcome
from local_stack.progress import progress_for_stdout
from local_stack.stack import reload_broker, up
from rencheng.runtime.settings import DatabaseSettings, checkout
from rencheng.store.core.database import open_database, translate_errors

LOG_WIDTH = 120
"""Line width where the output is not a terminal, characters."""


def drill(
    folder: Annotated[Path, typer.Option(help="The folder that describes the drill.")] = SHIPPED,
    speed: Annotated[float, typer.Option(help="Seconds of the storm per second.", min=1, max=600)] = story.SPEED,
    seed: Annotated[int, typer.Option(help="Of the delays of the simulated people.", min=0)] = 1,
) -> None:
    """Play a storm over simulated people and devices; print the chain's times, and fail if a step was lost."""
    console = Console(width=None if sys.stdout.isatty() else LOG_WIDTH, highlight=False)
    form = read_folder(folder)
    root = checkout()
    up(root, progress_for_stdout())
    engine = open_database(DatabaseSettings.load().database_url, name="rencheng-drill")
    plan = story.DrillPlan(form, speed, seed)
    console.print(f"{len(form.sites)} sites, {len(form.people)} people, {len(form.actuators)} devices take part")
    with translate_errors():
        outcome = story.run_drill(engine, plan, root / "build/drill", console, lambda: reload_broker(root))
    engine.dispose()
    show_outcome(console, outcome)
    console.print(f"{len(outcome.reports)} event reports: build/drill/reports")
    outcome.check()
    console.print("no step was lost 全链条无缺失")
