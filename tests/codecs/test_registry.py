import sys
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import pytest

from rencheng.codecs.base import Codec
from rencheng.codecs.registry import GROUP, OURS, with_plug_ins
from rencheng.domain.kind import Kind

MORSE = """
from datetime import UTC, datetime

from rencheng.domain.reading import WaterReading


class Morse:
    def decode(self, kind, device_id, payload):
        return [WaterReading(device_id, 0, datetime(2026, 7, 20, tzinfo=UTC), depth_mm=float(len(payload)))], []

    def encode(self, readings):
        return b"".join(b"." * int(reading.depth_mm) for reading in readings)


class Mute:
    pass


def explode():
    raise RuntimeError("no key")
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed package with one codec and three broken ones."""
    (tmp_path / "morse.py").write_text(MORSE)
    info = tmp_path / "morse-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: morse\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        f"[{GROUP}]\nmorse = morse:Morse\nmute = morse:Mute\nfuse = morse:explode\njson = morse:Morse\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "morse", raising=False)
    return tmp_path


@pytest.fixture
def found(package: Path) -> tuple[dict[str, Codec], dict[str, str]]:
    return with_plug_ins(OURS, entry_points(group=GROUP))


def test_a_package_provides_a_codec_by_an_entry_point(found: tuple[dict[str, Codec], dict[str, str]]) -> None:
    codecs, _ = found
    readings, bad = codecs["morse"].decode(Kind.WATERLOGGING, "W", b"...")

    assert (codecs["morse"].encode(readings), bad) == (b"...", [])


def test_a_broken_plug_in_is_named_and_stops_no_other(found: tuple[dict[str, Codec], dict[str, str]]) -> None:
    codecs, broken = found

    assert set(codecs) == {*OURS, "morse"}
    assert "no decode and encode" in broken["mute"]
    assert "no key" in broken["fuse"]


def test_a_plug_in_cannot_replace_a_shipped_codec(found: tuple[dict[str, Codec], dict[str, str]]) -> None:
    codecs, broken = found

    assert codecs["json"] is OURS["json"]
    assert broken["json of morse:Morse"] == "the name is in use"


def test_a_missing_module_is_a_broken_plug_in() -> None:
    codecs, broken = with_plug_ins({}, [EntryPoint("gone", "no_such_module:Codec", GROUP)])

    assert codecs == {}
    assert "no_such_module" in broken["gone"]
