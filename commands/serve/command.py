"""`rencheng serve`: ingest, alerts, the API, the jobs and the broker's accounts on this machine, until Ctrl-C."""

import os
import subprocess
import sys
import time

import typer

from rencheng.runtime.lifecycle import stop_on_signals

SERVICES = ("services.ingest", "services.alerts", "services.api", "services.jobs", "commands.serve.keep_accounts")
STOP_TIMEOUT_S = 15


def serve() -> None:
    """Run ingest, alerts, the API, the jobs and the keeper of the broker's accounts together.

    A service that ends is started again after a second.
    """
    stop = stop_on_signals()
    running = {module: _start(module) for module in SERVICES}
    typer.echo("running; Ctrl-C ends it")
    while not stop.wait(1.0):
        for module, process in running.items():
            if process.poll() is not None:
                typer.echo(f"{module} ended with status {process.returncode}; starting it again", err=True)
                running[module] = _start(module)
    for process in running.values():
        process.terminate()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for process in running.values():
        process.wait(timeout=max(0.1, deadline - time.monotonic()))


def _start(module: str) -> subprocess.Popen[bytes]:
    # in a group of its own, so that Ctrl-C reaches it once, through us
    return subprocess.Popen([sys.executable, "-m", module], env=os.environ, start_new_session=True)
