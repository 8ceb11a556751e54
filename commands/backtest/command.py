"""`rencheng backtest`: evaluate recorded data, from files or from the database."""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.backtest import from_database, from_files
from rencheng.domain.errors import NotPossible
from rencheng.engine.forecast.forecast import RATE_OF_RISE
from rencheng.engine.forecast.model import Model
from rencheng.engine.forecast.shipped import read_model, street_model

FILES, STORED = "files", "the database"
SHIPPED = "shipped"


def _file(content: str) -> Any:  # noqa: ANN401 - as typer declares it
    return typer.Option(help=content, exists=True, dir_okay=False, rich_help_panel=FILES)


def _stored(content: str, *names: str) -> Any:  # noqa: ANN401 - as typer declares it
    return typer.Option(*names, help=content, rich_help_panel=STORED)


def backtest(
    out: Annotated[Path, typer.Option(help="Output file: one message per line, JSON.", dir_okay=False)],
    readings: Annotated[Path | None, _file("CSV: device_id,time,depth_mm.")] = None,
    sites: Annotated[Path | None, _file("JSON: the sites and their thresholds.")] = None,
    rain: Annotated[Path | None, _file("CSV: gauge_id,time,rain_mm.")] = None,
    nowcasts: Annotated[Path | None, _file("JSON: nowcasts of rain, as the API accepts them.")] = None,
    devices: Annotated[Path | None, _file("CSV: the gauges as in `rencheng device import`.")] = None,
    limits: Annotated[Path | None, _file("TOML: limits of gauges, as in RENCHENG_GAUGE_LIMITS_FILE.")] = None,
    model: Annotated[
        str,
        typer.Option(help="A model file, `shipped`, or `rate-of-rise` for no model.", rich_help_panel=FILES),
    ] = SHIPPED,
    wait: Annotated[
        float, typer.Option(help="Seconds that a reading waits for earlier ones, as in RENCHENG_ALERTS_WAIT_S.", min=0)
    ] = 0.0,
    until: Annotated[
        str | None, typer.Option(help="Time goes on until then after the last reading.", rich_help_panel=FILES)
    ] = None,
    site: Annotated[list[str] | None, _stored("A registered site; can be repeated.")] = None,
    begin: Annotated[str | None, _stored("Start of the period: ISO 8601 with offset, or a day.", "--from")] = None,
    end: Annotated[str | None, _stored("End of the period, exclusive.", "--to")] = None,
    what_if: Annotated[
        list[str] | None, _stored("Another threshold in mm, such as yellow=120; can be repeated.")
    ] = None,
) -> None:
    """Evaluate recorded readings as the live engine does.

    From files, it needs no server, configuration or network. From the database, it also shows how warnings, lead times
    and false alarms change with other thresholds.
    """
    if readings and sites and not (site or begin or end or what_if):
        end_at = _moment(until, "--until") if until else None
        waits = timedelta(seconds=wait)
        registry = from_files.GaugeFiles(devices, limits)
        from_files.backtest_files(
            readings, sites, out, rain, nowcasts, registry, model=_model(model), wait=waits, until=end_at
        )
    elif site and begin and end and not (readings or sites or rain or nowcasts or devices or limits or until):
        period = _moment(begin, "--from"), _moment(end, "--to")
        from_database.backtest_database(
            site, period, from_database.thresholds_of(what_if or []), out, timedelta(seconds=wait)
        )
    else:
        raise NotPossible("give --readings and --sites, or --site, --from and --to")


def _moment(text: str, option: str) -> datetime:
    try:
        return from_database.moment(text)
    except ValueError as error:
        raise NotPossible(f"{option}: {error}") from None


def _model(name: str) -> Model | None:
    if name == RATE_OF_RISE:
        return None
    return street_model() if name == SHIPPED else read_model(Path(name))
