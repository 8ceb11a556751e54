"""The form of a device in the API and in a row of a CSV file. Unknown fields are rejected."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from rencheng.domain.device import ACTUAL, Device, GaugeKind
from rencheng.domain.errors import NotPossible
from rencheng.domain.kind import Kind
from rencheng.schemas.fields import Day, DistrictCode, Identifier, OptionalText, ShortText
from rencheng.schemas.findings import join_findings, validation_findings
from rencheng.schemas.spreadsheet import SHORTENED_NUMBER, SpreadsheetTable

LINES_MAX = 200_000
"""More devices than a city has."""


NO_RETURN_CODES_MAX = 20
"""The most codes of one gauge. Makers use one or two."""


STEPS_MAX = 50
"""The most electrodes of one gauge. Chains have up to ten."""

_Interval = Annotated[float, Field(gt=0, le=604_800)]


def _split_numbers(value: object) -> object:
    """Split the text of a CSV cell at spaces and semicolons."""
    return value.replace(";", " ").split() if isinstance(value, str) else value


class DeviceProfileForm(BaseModel):
    """The profile of a device. A missing field keeps its value, or takes the default for a new device."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    site_id: Identifier | None = None
    """The site at which it is installed."""
    name: OptionalText = ""
    """A name for people."""
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    codec: ShortText = "json"
    """The format of its payloads."""
    gauge: Identifier = "street"
    """The limits by which a gauge's readings are checked: `street`, `channel`, or a name of your own."""
    depth_max_mm: Annotated[float, Field(gt=0, le=100_000)] | None = None
    """The mounting height of a gauge: the height of its face above the ground."""
    blind_zone_mm: Annotated[float, Field(ge=0, le=10_000)] | None = None
    """The distance from its face within which it cannot measure."""
    no_return_codes: Annotated[
        list[Annotated[float, Field(allow_inf_nan=False)]],
        Field(max_length=NO_RETURN_CODES_MAX),
        BeforeValidator(_split_numbers),
    ] = []
    """Values that it sends when it receives no echo; in a CSV file separated by spaces or semicolons."""
    interval_s: _Interval | None = None
    """The reporting interval of a gauge in water, seconds; it is learned where it is not given."""
    interval_dry_s: _Interval | None = None
    """The same above a dry street, seconds: longer if it reports on change."""
    resolution_mm: Annotated[float, Field(gt=0, le=10_000)] | None = None
    """The step of a gauge's depths."""
    latency_s: Annotated[float, Field(ge=0, le=86_400)] | None = None
    """How late a gauge's readings usually arrive, such as those of one that sends each half hour."""
    zero_set_on: Day | None = None
    """The day on which a gauge's zero was last set or surveyed."""
    measures: GaugeKind = GaugeKind.LEVEL
    """What a gauge's depths are: `level`, `switch` at one height, or `electrode` steps."""
    steps_mm: Annotated[
        list[Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)]],
        Field(max_length=STEPS_MAX),
        BeforeValidator(_split_numbers),
    ] = []
    """The height of the switch, or of each electrode, above the gauge's zero."""
    receipts: bool = False
    """It keeps its readings until a receipt confirms that they are stored."""
    quota_per_minute: Annotated[int, Field(gt=0, le=10_000_000)] | None = None
    """The number of readings that it may send per minute; if empty, the limit of the platform."""

    def given_fields(self) -> dict[str, Any]:
        """Return the fields that were given, as fields of a `Device`."""
        given = self.model_dump(include=self.model_fields_set - {"device_id"})
        for name in given.keys() & {"no_return_codes", "steps_mm"}:
            given[name] = tuple(given[name])
        return given


class RegistrationForm(DeviceProfileForm):
    """The registration of a device, without its identifier."""

    kind: Kind
    region: DistrictCode
    """The district: a six-digit GB/T 2260 code."""
    world: Identifier = ACTUAL
    """`actual`, or the name of an exercise."""


class ChangeForm(DeviceProfileForm):
    """A change of a registered device."""

    kind: Kind | None = None
    """Can be changed only while no reading of the device is stored."""
    region: DistrictCode | None = None


class DeviceForm(RegistrationForm):
    """A device with its identifier."""

    device_id: Identifier

    def to_device(self, known: Device | None = None) -> Device:
        """Return a new device, or a known one with the given fields changed."""
        if known is None:
            return Device(device_id=self.device_id, **self.given_fields())
        return replace(known, **self.given_fields())


def read_devices(data: bytes, name: str) -> list[DeviceForm]:
    """Read the devices of a CSV file, all or none.

    The first line names the columns: `device_id`, `kind`, `region`, and any other field. An empty cell counts as a
    missing field. Rows and columns without content are passed over.

    Raises:
        NotPossible: the error lists up to 20 findings with their lines.
    """
    fields = DeviceForm.model_fields
    table = SpreadsheetTable(data, name, known=fields, lines_max=LINES_MAX)
    if wrong := _wrong_columns(table.columns()):
        raise NotPossible("\n".join(f"{name}: {finding}" for finding in wrong))
    findings: list[str] = []
    forms: list[DeviceForm] = []
    lines: Counter[str] = Counter()
    for row in table.rows(required=[column for column, field in fields.items() if field.is_required()]):
        found = [row.finding] if row.finding else _shortened(row.cells)
        if not found:
            try:
                form = DeviceForm.model_validate(row.cells)
            except ValidationError as error:
                found = validation_findings(error, "device")
            else:
                lines[form.device_id] += 1
                forms.append(form)
                found = [f"{form.device_id} is given twice"] if lines[form.device_id] > 1 else []
        findings += [f"{name}, line {row.line}: {finding}" for finding in found]
    if findings:
        raise NotPossible(join_findings(findings, "nothing was registered"))
    return forms


def _shortened(cells: Mapping[str, str]) -> list[str]:
    """Return the identifiers that a spreadsheet took for numbers and shortened."""
    return [
        f"{column}: {cells[column]} is a number that a spreadsheet shortened; format the column as text, enter it again"
        for column in ("device_id", "region", "site_id")
        if SHORTENED_NUMBER.fullmatch(cells.get(column, ""))
    ]


def _wrong_columns(names: Sequence[str]) -> list[str]:
    fields = DeviceForm.model_fields
    given = [name for name in names if name]
    wrong = [f"column {column!r} is unknown; use {', '.join(fields)}" for column in given if column not in fields]
    wrong += [f"column {column!r} is given twice" for column, times in Counter(given).items() if times > 1]
    required = [column for column, field in fields.items() if field.is_required() and column not in given]
    return wrong + [f"column {column!r} is missing" for column in required]
