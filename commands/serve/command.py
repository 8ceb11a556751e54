"""`rencheng serve`: ingest, alerts, API, jobs and broker accounts on one machine, until Ctrl-C."""

import typer

from rencheng.runtime.lifecycle import stop_on_signals
from rencheng.runtime.service_process import ServiceProcess, stop_all

SERVICES = ("services.ingest", "services.alerts", "services.api", "services.jobs", "commands.serve.keep_accounts")
STOP_TIMEOUT_S = 15.0
RESTART_AFTER_S = 1.0


def serve() -> None:
    """Run all services on this machine. A service that ends is started again after a second."""
    stop = stop_on_signals()
    # in sessions of their own, so that Ctrl-C reaches them once, through us
    services = [ServiceProcess(module, own_session=True) for module in SERVICES]
    for service in services:
        service.start()
    typer.echo("running; Ctrl-C ends it")
    while not stop.wait(RESTART_AFTER_S):
        for service in services:
            if not service.is_running:
                typer.echo(f"{service.module} ended with status {service.exit_status}; starting it again", err=True)
                service.start()
    stop_all(services, within_s=STOP_TIMEOUT_S)
