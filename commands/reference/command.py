"""`rencheng reference`: the parts of docs/reference that are generated from the code."""

import json
from pathlib import Path
from typing import Annotated

import typer
from pydantic_core import PydanticUndefined

from commands.reference.schemas import schemas
from rencheng.domain.errors import NotPossible, RejectionReason
from rencheng.domain.remedies import REMEDIES
from rencheng.runtime.settings import BrokerAccounts, Settings
from services.alerts.settings import AlertSettings
from services.api.settings import ApiSettings
from services.ingest.settings import IngestSettings
from services.jobs.settings import JobSettings
from services.response.settings import ResponseSettings

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "reference"

HEAD = """# Settings

Written by `rencheng reference`. Environment variables; on a local stack what is required stands in
`.rencheng/stack.env`, which `rencheng stack up` writes, so that nothing needs to be set.

| variable | read by | default | meaning |
| --- | --- | --- | --- |
"""

REASONS_HEAD = """# Reasons of quarantine · 隔离原因

Written by `rencheng reference`. What to do: [correct and replay](../how-to/correct-and-replay.md).

| code | what it means 含义 | what helps 对策 |
| --- | --- | --- |
"""

READERS: dict[str, type[Settings]] = {
    "ingest": IngestSettings,
    "alerts": AlertSettings,
    "response": ResponseSettings,
    "api": ApiSettings,
    "jobs": JobSettings,
    "rencheng broker accounts": BrokerAccounts,
}


def reference(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a file is out of date.")] = False,
    folder: Annotated[Path, typer.Option(help="The folder of the files.", show_default="docs/reference")] = FOLDER,
) -> None:
    """Write JSON Schemas, AsyncAPI and the list of settings from the code."""
    files = {folder / name: text for name, text in documents().items()}
    stale = [path for path, text in files.items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if check and stale:
        names = ", ".join(path.name for path in stale)
        raise NotPossible(f"out of date: {names}. Run `rencheng reference` to write them")
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(files[path], encoding="utf-8")
    typer.echo(f"{len(files)} files, {len(stale)} written")


def documents() -> dict[str, str]:
    """Return every document by its path below docs/reference."""
    written = {
        f"schemas/{name}": json.dumps(content, ensure_ascii=False, indent=2) + "\n"
        for name, content in schemas().items()
    }
    return written | {"settings.md": settings_page(), "quarantine.md": reasons_page()}


def reasons_page() -> str:
    """Return the page that explains every reason of quarantine.

    Raises:
        NotPossible: a reason has no explanation.
    """
    if missing := [reason for reason in RejectionReason if reason not in REMEDIES]:
        raise NotPossible(f"no explanation for {', '.join(missing)}: add it in rencheng/domain/remedies.py")
    lines = [
        f"| `{reason}` | {remedy.meaning_zh} {remedy.meaning_en} | {remedy.remedy_zh} {remedy.remedy_en} |"
        for reason, remedy in REMEDIES.items()
    ]
    return REASONS_HEAD + "\n".join(lines) + "\n"


def settings_page() -> str:
    """Return the page of all settings, with their readers and defaults."""
    rows: dict[str, tuple[list[str], str, str]] = {}
    for reader, block in READERS.items():
        for name, field in block.model_fields.items():
            default = "required" if field.default is PydanticUndefined else f"`{field.default}`"
            readers = rows.setdefault(f"RENCHENG_{name.upper()}", ([], default, field.description or ""))[0]
            readers.append(reader)
    lines = [
        f"| `{name}` | {', '.join(who)} | {default} | {text} |" for name, (who, default, text) in sorted(rows.items())
    ]
    return HEAD + "\n".join(lines) + "\n"
