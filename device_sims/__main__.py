"""`python -m device_sims`: replay a recorded CSV, list the recordings, or run a fleet as a load."""

import json
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

from device_sims import recordings
from device_sims.client import BrokerAddress, SimulatedDevice
from device_sims.connected import connected
from device_sims.errors import BadRecording
from device_sims.fleet.command import fleet
from device_sims.player import SLICE_S, Player, PlayProgress, PlayResult
from device_sims.replay import RecordedSeries, read_recorded_csv, shift_to_now
from rencheng.domain.errors import RenchengError
from rencheng.domain.topic import REGION

MILD_MM, SERIOUS_MM = 10, 150

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
app.command()(fleet)


class ReplayTime(StrEnum):
    """The times of a replay."""

    NOW = "now"
    RECORDED = "recorded"


@app.command()
def replay(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV: device_id,time,depth_mm")],
    *,
    region: Annotated[str, typer.Option(help="six-digit GB/T 2260 code of the district, such as 370102")],
    passwords: Annotated[Path, typer.Option(exists=True, dir_okay=False, help='JSON: {"device_id": "password"}')],
    mqtt_url: Annotated[str, typer.Option(envvar="RENCHENG_MQTT_URL")] = "mqtt://127.0.0.1:1883",
    speed: Annotated[float, typer.Option(min=0.01, help="seconds of event time per second")] = 1.0,
    at: Annotated[
        ReplayTime, typer.Option(help="move the times so that the replay ends now, or keep the recorded times")
    ] = ReplayTime.NOW,
) -> None:
    """Replay a recording of waterlogging monitors, each as an MQTT client of its own."""
    if not REGION.fullmatch(region):
        raise typer.BadParameter(f"{region!r} is not a six-digit GB/T 2260 code", param_hint="--region")
    try:
        series = read_recorded_csv(file)
        if at is ReplayTime.NOW:
            series = shift_to_now(series, now=datetime.now(UTC), speed=speed)
        devices = _devices(series, region=region, passwords=passwords)
        result = _play(series, devices, broker=BrokerAddress.parse(mqtt_url), speed=speed)
    except (RenchengError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        raise typer.Exit(1) from None
    total = result.total
    sys.stdout.write(f"{total.readings_published} readings published, {total.readings_acknowledged} acknowledged\n")


@app.command("list")
def list_recordings() -> None:
    """Show the recordings: floods, signals and charging sessions."""
    floods = Table("sensor", "class", "day", "peak mm", "minutes", "10 to 150 mm", title="Floods")
    floods.columns[0].overflow = "fold"
    for flood in recordings.floods():
        rise_s = (flood.reached_s(SERIOUS_MM) or 0) - (flood.reached_s(MILD_MM) or 0)
        figures = (f"{flood.peak_mm:.0f}", f"{flood.duration_s / 60:.0f}", f"{rise_s / 60:.1f} min")
        floods.add_row(flood.sensor_id, flood.flood_class, f"{flood.started_at:%Y-%m-%d}", *figures)
    signals = Table("signal", "name", "began (UTC)", "events", title="Signals")
    for signal in recordings.signals():
        began = f"{signal.started_at:%Y-%m-%d %H:%M}"
        signals.add_row(signal.signal_id, signal.name, began, f"{len(signal.events)}")
    chargers = Table("charger", "day", "sessions", "kWh", title="Charging")
    for charger in sorted({session.charger for session in recordings.sessions()}):
        own = [session for session in recordings.sessions() if session.charger == charger]
        energy_kwh = sum(session.energy_kwh for session in own)
        chargers.add_row(f"{charger}", f"{own[0].started_at:%Y-%m-%d}", f"{len(own)}", f"{energy_kwh:.0f}")
    Console().print(floods, signals, chargers)


def _devices(series: list[RecordedSeries], *, region: str, passwords: Path) -> list[SimulatedDevice]:
    by_device = json.loads(passwords.read_text())
    missing = [one.device_id for one in series if one.device_id not in by_device]
    if missing:
        raise BadRecording(f"{passwords} has no password for {', '.join(missing)}; register these devices first")
    return [SimulatedDevice(one.device_id, one.kind, region, by_device[one.device_id]) for one in series]


def _play(
    series: list[RecordedSeries], devices: list[SimulatedDevice], *, broker: BrokerAddress, speed: float
) -> PlayResult:
    columns = (BarColumn(), TextColumn("{task.fields[figures]}"), TimeRemainingColumn())
    with connected(devices, broker) as clients, Bars(*columns, console=Console(stderr=True)) as bars:
        bar = bars.add_task("replay", total=1.0, figures="")

        def show(progress: PlayProgress) -> None:
            figures = f"{progress.event_now:%m-%d %H:%M:%S}  {progress.readings_acknowledged} readings"
            bars.update(bar, completed=progress.completed_share, figures=figures)

        # in real time a slice of twenty seconds would pause the display for twenty seconds
        slice_s = min(SLICE_S, max(1.0, speed))
        return Player(series, clients, speed=speed, slice_s=slice_s, on_progress=show).play()


if __name__ == "__main__":
    app(prog_name="python -m device_sims")
