"""The command as somebody with three files types it."""

import gzip
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from commands.backtest.from_files import backtest_files
from rencheng.domain.errors import NotPossible

MM = {"blue": 50, "yellow": 150, "orange": 270, "red": 400}
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    paths = {name: tmp_path / f"{name}.txt" for name in ("readings", "sites", "rain", "out")}
    depths = ["2026-07-20T20:05:00+08:00,160", "2026-07-20T12:00:00Z,0", "2026-07-20T12:06:00Z,"]
    paths["readings"].write_text(
        "\ufeffdevice_id,time,depth_mm\n" + "".join(f"A,{row}\n" for row in depths) + f"X,{depths[0]}\n"
    )
    paths["sites"].write_text(
        json.dumps([{"site_id": "S", "type": "lane", "thresholds_mm": MM, "depth_gauge_ids": ["A", "B"]}])
    )
    paths["rain"].write_text("gauge_id,time,rain_mm\nP,2026-07-20T12:00:00Z,1.5\n")
    return paths


def test_it_needs_no_server_no_configuration_and_no_network(files: dict[str, Path], tmp_path: Path) -> None:
    options = [word for name, path in files.items() for word in (f"--{name}", str(path))]
    ran = subprocess.run(
        [sys.executable, "-c", "from commands.main import run; run()", "backtest", *options],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]},
    )
    lines = [json.loads(line) for line in files["out"].read_text().splitlines()]

    assert [(line["site_id"], line["message"], line["level"], line["issued_at"]) for line in lines] == [
        ("S", "alert", "yellow", "2026-07-20T12:05:00+00:00")
    ]
    assert ran.stdout == ""
    assert "type 'lane' is unknown and treated as underpass, the most cautious" in ran.stderr
    assert "4 readings and 1 of rain at 1 sites" in ran.stderr
    assert "1 devices are listed by no site and ignored, X among them" in ran.stderr
    assert "1 listed devices have no reading, B of site S among them" in ran.stderr


def test_messages_and_notices_are_counted_by_site_month(
    files: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    until = datetime(2026, 7, 20, 13, 6, tzinfo=UTC)
    backtest_files(files["readings"], files["sites"], files["out"], model=None, until=until)

    assert "1 messages (alert 1; 7,305.0 a site-month); 1 notices (monitoring_lost 1; " in capsys.readouterr().err


def test_packed_files_are_unpacked(files: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    packed = tmp_path / "R.csv.gz"
    packed.write_bytes(gzip.compress(files["readings"].read_bytes()))
    backtest_files(packed, files["sites"], files["out"], model=None)

    assert len(files["out"].read_text().splitlines()) == 1
    assert "4 readings" in capsys.readouterr().err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_table_is_read_as_spreadsheets_save_it(
    files: dict[str, Path], capsys: pytest.CaptureFixture[str], encoding: str
) -> None:
    lines = files["readings"].read_text().splitlines()
    text = "\r\n".join([f"{lines[0]},备注,", *(f"{line},路面," for line in lines[1:]), ",,,,", " , ,,,", ""])
    files["readings"].write_bytes(text.encode(encoding))
    backtest_files(files["readings"], files["sites"], files["out"], model=None)

    assert "4 readings" in capsys.readouterr().err


def test_no_reading_gives_no_message(files: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    files["readings"].write_text("device_id,time,depth_mm\n")
    backtest_files(files["readings"], files["sites"], files["out"], model=None)

    assert files["out"].read_text() == ""
    assert "0 readings at 1 sites" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("rain", b"gauge_id,time,rain_mm\nP,noon,1\n", "line 2: Invalid isoformat string"),
        ("readings", b"device_id,time,depth_mm\n\xff\xfe", "is not UTF-8 text"),
        ("sites", b"[", "not JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_named_and_nothing_is_written(
    files: dict[str, Path], name: str, content: bytes, text: str
) -> None:
    files[name].write_bytes(content)
    with pytest.raises(NotPossible, match=text) as error:
        backtest_files(files["readings"], files["sites"], files["out"], files["rain"], model=None)

    assert str(files[name]) in str(error.value)
    assert not files["out"].exists()


def test_a_broken_archive_is_named(files: dict[str, Path], tmp_path: Path) -> None:
    packed = tmp_path / "R.csv.gz"
    packed.write_bytes(b"no archive")
    with pytest.raises(NotPossible, match="cannot be read"):
        backtest_files(packed, files["sites"], files["out"], model=None)


def test_an_output_that_cannot_be_written_is_reported(files: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(NotPossible, match="cannot be written: No such file"):
        backtest_files(files["readings"], files["sites"], tmp_path / "nowhere" / "W.jsonl", model=None)
