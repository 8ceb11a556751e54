"""What is written from the code is current, and says what the platform does."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from commands.reference.command import documents
from rencheng.codecs.registry import CODECS
from rencheng.domain.kind import Kind
from rencheng.store.schema.metadata import metadata
from tests.docs.typed import ROOT

REFERENCE = ROOT / "docs" / "reference"
NAME = re.compile(r"`(\w+)`")

GOOD: dict[Kind, list[object]] = {
    Kind.WATERLOGGING: [
        {"time": "2026-07-20T16:05:00+08:00", "depth_mm": None},
        {"time": "2026-07-20T16:05:00+08:00", "rain_mm": 3.2},
    ],
    Kind.SIGNAL: [{"time": "2026-07-20T16:05:00.1+08:00", "event_id": 82, "parameter": 5}],
    Kind.CHARGING: [{"time": "2026-07-20T16:05:00+08:00", "connector_id": 1, "measurand": "power_kw", "value": 7.2}],
}


def test_the_generated_documents_are_current() -> None:
    stale = [name for name, text in documents().items() if (REFERENCE / name).read_text(encoding="utf-8") != text]

    assert stale == [], "`rencheng reference` writes them again"


@pytest.mark.parametrize("kind", Kind)
def test_a_payload_that_the_schema_takes_is_one_that_ingest_takes(kind: Kind) -> None:
    schema = Draft202012Validator(
        json.loads((REFERENCE / "schemas" / f"{kind}.schema.json").read_text(encoding="utf-8"))
    )
    for payload in [*GOOD[kind], list(GOOD[kind])]:
        schema.validate(payload)
        _, bad = CODECS["json"].decode(kind, "D1", json.dumps(payload).encode())

        assert bad == []


@pytest.mark.parametrize("payload", [{"time": "2026-07-20T16:05:00+08:00", "depth_cm": 4}, {"depth_mm": 4}, 7])
def test_a_payload_that_ingest_refuses_for_its_form_is_one_that_the_schema_refuses(payload: object) -> None:
    schema = Draft202012Validator(
        json.loads((REFERENCE / "schemas/waterlogging.schema.json").read_text(encoding="utf-8"))
    )

    with pytest.raises(ValidationError):
        schema.validate(payload)


def test_every_class_and_table_of_the_glossary_exists() -> None:
    words, _given_up = (ROOT / "docs/glossary.md").read_text(encoding="utf-8").split("## Words that were given up")
    named = {name for line in words.splitlines() if line.startswith("|") for name in NAME.findall(line.split("|")[4])}
    code = "\n".join(path.read_text(encoding="utf-8") for path in python_files())
    known = {*re.findall(r"^class (\w+)", code, re.MULTILINE), *re.findall(r"^(\w+) = ", code, re.MULTILINE)}

    assert len(named) > 50
    assert named - known - {table.name for table in metadata.tables.values()} == set()


def python_files() -> list[Path]:
    return [path for package in ("rencheng", "services") for path in (ROOT / package).rglob("*.py")]
