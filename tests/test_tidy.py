"""The rules of the house that no linter knows. Each says what to do instead."""

import ast
import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent
TRACKED = subprocess.run(
    ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"],
    check=True,
    capture_output=True,
    text=True,
).stdout.split("\n")
FILES = [ROOT / name for name in TRACKED if name and (ROOT / name).is_file()]
CODE = [file for file in FILES if file.suffix == ".py"]
PROSE = [file for file in FILES if file.suffix == ".md"]
TEXTS = [*CODE, *PROSE, *(file for file in FILES if file.suffix in {".toml", ".txt", ".sh", ".yml", ".sql", ".conf"})]

FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 50


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_a_file_is_one_package() -> None:
    lines = {name(file): len(file.read_text(encoding="utf-8").splitlines()) for file in CODE}
    long = {file: number for file, number in lines.items() if number > FILE_LINES_MAX}

    assert long == {}, "split it by step: which sentence of the walk does it contain twice?"


def test_a_function_fits_on_a_screen() -> None:
    long = [
        f"{name(file)}:{node.lineno} {node.name}"
        for file in CODE
        if "tests" not in file.parts
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= FUNCTION_LINES_MAX
    ]

    assert long == [], "push ifs up and fors down: the parent decides, the leaves are pure"


def test_a_document_has_one_title() -> None:
    bare = {file: re.sub(r"```.*?```", "", file.read_text(encoding="utf-8"), flags=re.DOTALL) for file in PROSE}
    odd = [name(file) for file, text in bare.items() if len(re.findall(r"^# ", text, flags=re.MULTILINE)) != 1]

    assert odd == []


def test_the_map_shows_every_package() -> None:
    shown = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    packages = sorted({file.relative_to(ROOT).parts[0] for file in CODE if len(file.relative_to(ROOT).parts) > 1})
    missing = [package for package in packages if f"{package}/" not in shown]

    assert missing == [], "a room that the map does not show: give it a line in ARCHITECTURE.md"


# put together here, so that this file does not hold what it looks for
FOREIGN = re.compile(
    "|".join(["pypi" + r"\.org", "python" + "hosted", r"registry\.npm" + "js", r"deb\.deb" + "ian", "/wo" + "rk/"])
)


def test_no_address_of_a_registry_and_no_path_of_a_machine_is_written_down() -> None:
    found = {name(file): FOREIGN.findall(file.read_text(encoding="utf-8")) for file in TEXTS}

    assert {file: hits for file, hits in found.items() if hits} == {}, "read it from the machine's own configuration"
