"""`rencheng serve`: ingest, alerts, response, API, jobs and broker accounts on one machine, until Ctrl-C."""

import os

import typer

from local_stack.stack import database_urls
from rencheng.runtime.lifecycle import stop_on_signals
from rencheng.runtime.service_process import ServiceProcess, stop_all
from rencheng.runtime.settings import checkout

SERVICES = {
    "services.ingest": "ingest",
    "services.alerts": "alerts",
    "services.response": "response",
    "services.api": "api",
    "services.jobs": None,
    "commands.serve.keep_accounts": "accounts",
}
"""The modules, and the database role of each. The jobs run as the owner, because dropping a chunk needs it."""

STOP_TIMEOUT_S = 15.0
RESTART_AFTER_S = 1.0


def serve() -> None:
    """Run all services on this machine. A service that ends is started again after a second."""
    stop = stop_on_signals()
    urls = database_urls(checkout())
    services = []
    for module, role in SERVICES.items():
        own = {"RENCHENG_DATABASE_URL": urls[role]} if role in urls else {}
        # in sessions of their own, so that Ctrl-C reaches them once, through us
        services.append(ServiceProcess(module, environment=os.environ | own, own_session=True))
    for service in services:
        service.start()
    typer.echo("running; Ctrl-C ends it")
    while not stop.wait(RESTART_AFTER_S):
        for service in services:
            if not service.is_running:
                typer.echo(f"{service.module} ended with status {service.exit_status}; starting it again", err=True)
                service.start()
    stop_all(services, within_s=STOP_TIMEOUT_S)
