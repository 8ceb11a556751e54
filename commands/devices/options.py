"""The options that describe a device, shared by the commands that register, change and replace one."""

from typing import Annotated, Any

import typer
from pydantic import ValidationError

from rencheng.domain.device import Device
from rencheng.domain.errors import NotPossible
from rencheng.domain.topic import Channel, Topic
from rencheng.schemas.device import ChangeForm
from rencheng.schemas.findings import validation_findings

TRAITS = ("interval_s", "interval_dry_s", "resolution_mm", "latency_s", "zero_set_on", "measures", "steps_mm")

DeviceId = Annotated[str, typer.Argument(help="The device's name, which is also its broker account.")]
SiteOption = Annotated[str | None, typer.Option(help="The site that the device watches or serves.")]
NameOption = Annotated[str | None, typer.Option("--name", help="The device's name for people.")]
Latitude = Annotated[float | None, typer.Option(help="Latitude in degrees.")]
Longitude = Annotated[float | None, typer.Option(help="Longitude in degrees.")]
CodecOption = Annotated[str | None, typer.Option(help="The format of its payloads. Default: `json`.")]
GaugeOption = Annotated[str | None, typer.Option(help="Which limits apply: `street`, `channel`, or your own set.")]
DepthMax = Annotated[float | None, typer.Option(help="Mounting height of a gauge, mm.")]
BlindZone = Annotated[float | None, typer.Option(help="Distance in front of a gauge that it cannot measure, mm.")]
NoReturn = Annotated[list[float] | None, typer.Option(help="A value that means `no echo`; can be repeated.")]
TraitOption = Annotated[
    list[str] | None,
    typer.Option(
        help="A trait of a gauge, such as `interval_s=60` or `steps_mm=50 150 270`; can be repeated."
        f" Names: {', '.join(TRAITS)}."
    ),
]
Receipts = Annotated[bool | None, typer.Option(help="Whether the device waits for receipts.")]
Quota = Annotated[int | None, typer.Option(help="Maximum readings per minute. Default: the platform's quota.")]


def device_fields(**options: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of a device have many types
    """Return the options that were given, validated, as fields of a `Device`.

    Raises:
        NotPossible: a value is not valid.
    """
    traits = dict(_trait(text) for text in options.pop("traits", None) or ())
    given = {name: value for name, value in (options | traits).items() if value not in (None, [])}
    try:
        return ChangeForm(**given).given_fields()
    except ValidationError as error:
        raise NotPossible("; ".join(validation_findings(error, "device"))) from None


def _trait(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    if name not in TRAITS or not value:
        raise NotPossible(f"trait {text!r}: write NAME=VALUE with one of {', '.join(TRAITS)}")
    return name, value


def print_account(device: Device, password: str) -> None:
    """Print what a person types into the device."""
    typer.echo(f"topic     {Topic(device.region, device.kind, device.device_id, Channel.TELEMETRY)}")
    typer.echo(f"user      {device.device_id}")
    typer.echo(f"password  {password}")
