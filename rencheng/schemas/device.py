"""The form of a device in the API and in a row of a CSV file. Unknown fields are rejected."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from rencheng.domain.device import ACTUAL, Device
from rencheng.domain.errors import NotPossible
from rencheng.domain.kind import Kind
from rencheng.schemas.fields import DistrictCode, Identifier, OptionalText, ShortText
from rencheng.schemas.findings import join_findings, validation_findings

LINES_MAX = 200_000
"""More devices than a city has."""


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
    no_return_codes: Annotated[list[Annotated[float, Field(allow_inf_nan=False)]], BeforeValidator(_split_numbers)] = []
    """Values that it sends when it receives no echo; in a CSV file separated by spaces or semicolons."""
    receipts: bool = False
    """It keeps its readings until a receipt confirms that they are stored."""
    quota_per_minute: Annotated[int, Field(gt=0, le=10_000_000)] | None = None
    """The number of readings that it may send per minute; if empty, the limit of the platform."""

    def given_fields(self) -> dict[str, Any]:
        """Return the fields that were given, as fields of a `Device`."""
        given = self.model_dump(include=self.model_fields_set - {"device_id"})
        if "no_return_codes" in given:
            given["no_return_codes"] = tuple(given["no_return_codes"])
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
    missing field. The encoding is UTF-8, or GB 18030, which spreadsheets in China write.

    Raises:
        NotPossible: the error lists up to 20 findings with their lines.
    """
    reader = csv.DictReader(io.StringIO(_text(data, name), newline=""), strict=True)
    if wrong := _wrong_columns(_columns(reader, name)):
        raise NotPossible("\n".join(f"{name}: {finding}" for finding in wrong))
    findings: list[str] = []
    forms: list[DeviceForm] = []
    lines: Counter[str] = Counter()
    for line, row in _rows(reader, name):
        if None in row or None in row.values():
            findings.append(f"{name}, line {line}: {'more' if None in row else 'fewer'} cells than columns")
            continue
        try:
            form = DeviceForm.model_validate({key: cell.strip() for key, cell in row.items() if cell.strip()})
        except ValidationError as error:
            findings += [f"{name}, line {line}: {finding}" for finding in validation_findings(error, "device")]
            continue
        lines[form.device_id] += 1
        if lines[form.device_id] > 1:
            findings.append(f"{name}, line {line}: {form.device_id} is given twice")
        forms.append(form)
    if findings:
        raise NotPossible(join_findings(findings, "nothing was registered"))
    return forms


def _text(data: bytes, name: str) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise NotPossible(f"{name} is neither UTF-8 nor GB 18030 text")


def _columns(reader: "csv.DictReader[str]", name: str) -> Sequence[str]:
    try:
        return reader.fieldnames or []
    except csv.Error as error:
        raise NotPossible(f"{name}, line 1: {error}") from None


def _wrong_columns(names: Sequence[str]) -> list[str]:
    fields = DeviceForm.model_fields
    wrong = [f"column {column!r} is unknown; use {', '.join(fields)}" for column in names if column not in fields]
    wrong += [f"column {column!r} is given twice" for column, times in Counter(names).items() if times > 1]
    required = [column for column, field in fields.items() if field.is_required() and column not in names]
    return wrong + [f"column {column!r} is missing" for column in required]


def _rows(reader: "csv.DictReader[str]", name: str) -> Iterator[tuple[int, Mapping[Any, Any]]]:
    try:
        for number, row in enumerate(reader, 1):
            if number > LINES_MAX:
                raise NotPossible(f"{name} has more than {LINES_MAX:,} lines")
            yield reader.line_num, row
    except csv.Error as error:
        raise NotPossible(f"{name}, line {reader.line_num}: {error}") from None
