"""`rencheng device rotate`, `replace`, `retire`: passwords, successors and the end of a device."""

from typing import Annotated

import typer

from commands.broker import update_broker_accounts
from commands.database_access import open_engine, operator
from commands.devices.options import (
    BlindZone,
    CodecOption,
    DepthMax,
    DeviceId,
    GaugeOption,
    NameOption,
    NoReturn,
    TraitOption,
    device_fields,
    print_account,
)
from rencheng.devices.lifecycle import replace_device, retire_device, rotate_password


def rotate(device_id: DeviceId) -> None:
    """Give a device a new password and print it, once. The old one stops working; the connection is closed."""
    with open_engine() as engine:
        with engine.begin() as connection:
            password = rotate_password(connection, device_id, actor=operator())
        update_broker_accounts(engine)
    typer.echo(f"password  {password}")


def replace(
    old: Annotated[str, typer.Argument(help="The device to retire.")],
    new: Annotated[str, typer.Argument(help="The name of its successor.")],
    name: NameOption = None,
    codec: CodecOption = None,
    gauge: GaugeOption = None,
    depth_max_mm: DepthMax = None,
    blind_zone_mm: BlindZone = None,
    no_return_code: NoReturn = None,
    trait: TraitOption = None,
) -> None:
    """Replace a device. The successor takes over its site, bindings and profile, except for the options given here.

    The old device is retired. Its readings stay under its own name and in the history of its site.
    """
    given = device_fields(
        name=name,
        codec=codec,
        gauge=gauge,
        depth_max_mm=depth_max_mm,
        blind_zone_mm=blind_zone_mm,
        no_return_codes=no_return_code,
        traits=trait,
    )
    with open_engine() as engine:
        with engine.begin() as connection:
            device, password = replace_device(connection, old, new, given, actor=operator())
        update_broker_accounts(engine)
    print_account(device, password)


def retire(device_id: DeviceId) -> None:
    """Take a device out of service. Its account ends and its messages go to quarantine; its readings stay."""
    with open_engine() as engine:
        with engine.begin() as connection:
            retire_device(connection, device_id, actor=operator())
        update_broker_accounts(engine)
