"""The form of a device: what the API takes, and what a row of a CSV file holds. Unknown fields are refused."""

import csv
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationError

from rencheng.domain.device import ACTUAL, Device
from rencheng.domain.errors import NotPossible
from rencheng.domain.kind import Kind
from rencheng.domain.topic import IDENTIFIER, REGION

Name = Annotated[str, StringConstraints(pattern=f"^{IDENTIFIER.pattern}$")]
_Region = Annotated[str, StringConstraints(pattern=f"^{REGION.pattern}$")]

SHOWN_MAX = 20
"""How many findings are told: a wrong column makes ten thousand, and the first ones explain the rest."""

LINES_MAX = 200_000
"""More than any city has; a longer file is a mistake."""


def _numbers(value: object) -> object:
    return value.replace(";", " ").split() if isinstance(value, str) else value


class DeviceProfileForm(BaseModel):
    """How a device speaks and where it hangs. What is left out stays as it is, or as usual for a new device."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    site_id: Name | None = None
    """The site that it watches or serves."""
    name: Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f]*$")] = ""
    """What people call it."""
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    codec: Annotated[str, StringConstraints(min_length=1, max_length=64)] = "json"
    """The format of its payloads."""
    gauge: Name = "street"
    """By which limits a gauge's readings are tested: `street`, `channel`, or one's own."""
    depth_max_mm: Annotated[float, Field(gt=0, le=100_000)] | None = None
    """A gauge's mounting height: its face above the ground."""
    blind_zone_mm: Annotated[float, Field(ge=0, le=10_000)] | None = None
    """How far before its face it cannot measure."""
    no_return_codes: Annotated[list[Annotated[float, Field(allow_inf_nan=False)]], BeforeValidator(_numbers)] = []
    """Values that it sends when no echo came back; in a CSV file separated by spaces or semicolons."""
    receipts: bool = False
    """It keeps its readings until it is told that they are stored."""
    quota_per_minute: Annotated[int, Field(gt=0, le=10_000_000)] | None = None
    """How many readings it may send in a minute; the platform's own limit if empty."""

    def given_fields(self) -> dict[str, Any]:
        """What was said, as fields of a `Device`."""
        said = self.model_dump(include=self.model_fields_set - {"device_id"})
        return said | ({"no_return_codes": tuple(said["no_return_codes"])} if "no_return_codes" in said else {})


class RegistrationForm(DeviceProfileForm):
    """A device as it is registered, without its name."""

    kind: Kind
    region: _Region
    """Its district: a six-digit GB/T 2260 code."""
    world: Name = ACTUAL
    """`actual`, or the exercise in which it plays."""


class ChangeForm(DeviceProfileForm):
    """What is to be another way about a known device."""

    kind: Kind | None = None
    """Only as long as nothing of it is stored."""
    region: _Region | None = None


class DeviceForm(RegistrationForm):
    """A device with its name."""

    device_id: Name

    def to_device(self, known: Device | None = None) -> Device:
        """The device: a new one, or a known one with what is said here."""
        if known is None:
            return Device(device_id=self.device_id, **self.given_fields())
        return replace(known, **self.given_fields())


def read_devices(data: bytes, name: str) -> list[DeviceForm]:
    """The devices of a CSV file. All of them, or none.

    The first line names the columns: `device_id`, `kind`, `region`, and any other field. An empty cell says nothing: a
    new device is as usual, a known one stays as it is. UTF-8, or GB 18030 as spreadsheets in China write it.

    Raises:
        NotPossible: and what is wrong in which line, up to twenty findings.
    """
    reader = csv.DictReader(io.StringIO(_text(data, name), newline=""), strict=True)
    wrong = _wrong_columns(_columns(reader, name))
    if wrong:
        raise NotPossible("\n".join(f"{name}: {each}" for each in wrong))
    forms: list[DeviceForm] = []
    lines: Counter[str] = Counter()
    for line, row in _rows(reader, name):
        if None in row or None in row.values():
            wrong.append(f"{name}, line {line}: {'more' if None in row else 'fewer'} cells than columns")
            continue
        try:
            form = DeviceForm.model_validate({key: cell.strip() for key, cell in row.items() if cell.strip()})
        except ValidationError as error:
            wrong += [f"{name}, line {line}: {finding}" for finding in findings(error)]
            continue
        lines[form.device_id] += 1
        if lines[form.device_id] > 1:
            wrong.append(f"{name}, line {line}: {form.device_id} is named twice")
        forms.append(form)
    if wrong:
        raise NotPossible(join_findings(wrong))
    return forms


def findings(error: ValidationError) -> list[str]:
    """Each finding as `field: what is wrong`."""
    return [
        f"{'.'.join(str(step) for step in each['loc']) or 'device'}: {each['msg']}"
        for each in error.errors(include_url=False, include_input=False)
    ]


def join_findings(wrong: list[str]) -> str:
    """Findings as one text, the first twenty of them."""
    more = [f"and {len(wrong) - SHOWN_MAX:,} more; nothing was registered"] if len(wrong) > SHOWN_MAX else []
    return "\n".join([*wrong[:SHOWN_MAX], *more])


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
    wrong = [f"column {column!r} is none of {', '.join(fields)}" for column in names if column not in fields]
    wrong += [f"column {column!r} stands twice" for column, times in Counter(names).items() if times > 1]
    needed = [column for column, field in fields.items() if field.is_required() and column not in names]
    return wrong + [f"column {column!r} is missing" for column in needed]


def _rows(reader: "csv.DictReader[str]", name: str) -> Iterator[tuple[int, Mapping[Any, Any]]]:
    try:
        for number, row in enumerate(reader, 1):
            if number > LINES_MAX:
                raise NotPossible(f"{name} has more than {LINES_MAX:,} lines")
            yield reader.line_num, row
    except csv.Error as error:
        raise NotPossible(f"{name}, line {reader.line_num}: {error}") from None
