"""The commands that need the platform's servers only: `rencheng` and compose's `admin` offer the same."""

import typer

from commands import broker, jobs, keys, logins, mutes, quality, roles, weather, worlds
from commands.calls import calls, people, policies, rosters
from commands.delivery import contacts, dispatches, subscribers
from commands.devices.app import app as device
from commands.devices.gateways import app as gateway
from commands.doctor.command import doctor
from commands.quarantine.app import app as quarantine
from commands.response import actuators, plans, reports, responses, tasks
from commands.response import commands as device_commands
from commands.sites.app import app as site
from commands.storage.app import app as storage
from commands.tls.app import app as tls
from commands.writers import writers

GROUPS: dict[str, typer.Typer] = {
    "device": device,
    "site": site,
    "world": worlds.app,
    "weather": weather.app,
    "mute": mutes.app,
    "call": calls.app,
    "people": people.app,
    "roster": rosters.app,
    "policy": policies.app,
    "plan": plans.app,
    "task": tasks.app,
    "response": responses.app,
    "report": reports.app,
    "gateway": gateway,
    "actuator": actuators.app,
    "command": device_commands.app,
    "broker": broker.app,
    "key": keys.app,
    "role": roles.app,
    "login": logins.app,
    "subscriber": subscribers.app,
    "contact": contacts.app,
    "dispatch": dispatches.app,
    "quarantine": quarantine,
    "quality": quality.app,
    "jobs": jobs.app,
    "storage": storage,
    "tls": tls,
}

COMMANDS = (writers, doctor)


def add_platform_commands(app: typer.Typer) -> None:
    """Add the commands to an application."""
    for name, group in GROUPS.items():
        app.add_typer(group, name=name)
    for command in COMMANDS:
        app.command()(command)
