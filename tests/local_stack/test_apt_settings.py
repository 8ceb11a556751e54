import platform
from pathlib import Path

import pytest

from local_stack.apt_settings import check_tools, without_credentials, write_settings
from local_stack.errors import StackError


def test_a_machine_without_apt_is_reported_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackError, match=r"no apt-get(.|\n)*docker compose up(.|\n)*RENCHENG_DATABASE_URL"):
        check_tools()


def test_another_system_is_reported_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": "other", "PRETTY_NAME": "Other 1"})
    with pytest.raises(StackError, match=r"this is Other 1(.|\n)*docker compose up"):
        write_settings(tmp_path / "apt")


def test_both_formats_are_read_and_disabled_files_are_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(platform, "freedesktop_os_release", lambda: {"ID": "debian", "VERSION_CODENAME": "bookworm"})
    etc = tmp_path / "etc"
    (etc / "sources.list.d").mkdir(parents=True)
    (etc / "sources.list").write_text("deb http://one.example.org/debian bookworm main\n")
    (etc / "sources.list.d" / "two.list").write_text("deb http://two.example.org/debian bookworm main\n")
    (etc / "sources.list.d" / "off.list.disabled").write_text("deb http://off.example.org/debian bookworm main\n")
    stanza = "Types: deb\nURIs: http://three.example.org/debian\nSuites: bookworm\nComponents: main\n"
    (etc / "sources.list.d" / "three.sources").write_text(stanza)

    write_settings(tmp_path / "apt", etc=etc)

    written = "".join(file.read_text() for file in sorted((tmp_path / "apt" / "sources").iterdir()))
    assert [name for name in ("one", "two", "three", "off") if f"{name}.example.org" in written] == [
        "one",
        "two",
        "three",
    ]
    assert "bookworm" not in written


def test_no_source_of_the_distribution_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StackError, match="No source"):
        write_settings(tmp_path / "apt", etc=tmp_path)


def test_passwords_in_addresses_are_not_shown() -> None:
    assert without_credentials("E: http://me:secret@mirror.example.org/x") == "E: http://mirror.example.org/x"
