"""The machine's package sources, converted to the release whose packages are needed. No I/O.

apt has two formats: one line per entry (`*.list`) and stanzas of fields (`*.sources`). Only entries of Debian itself
are taken: the suites of the machine's release, with the component `main`.
"""

import re

_LINE = re.compile(r"^deb\s+(?P<options>\[[^\]]*\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+(?P<components>.+)$")
_OFF = {"no", "false", "without", "off", "disable"}  # apt's words for it


def convert_list(text: str, *, codename: str, wanted: str) -> list[str]:
    """Convert the entries of a one-line file."""
    entries = []
    for line in text.splitlines():
        match = _LINE.match(line.split("#", 1)[0].strip())
        if not match or match["uri"].startswith("cdrom:") or "main" not in match["components"].split():
            continue
        suite = _wanted_suite(match["suite"], codename=codename, wanted=wanted)
        if suite:
            entries.append(f"deb {match['options'] or ''}{match['uri']} {suite} main")
    return entries


def convert_stanzas(text: str, *, codename: str, wanted: str) -> list[str]:
    """Convert the stanzas of a deb822 file."""
    uncommented = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    stanzas = (_fields(block) for block in re.split(r"\n[ \t]*\n", uncommented))
    converted = (_convert_stanza(fields, codename=codename, wanted=wanted) for fields in stanzas)
    return [stanza for stanza in converted if stanza]


def _convert_stanza(fields: dict[str, str], *, codename: str, wanted: str) -> str | None:
    named = {name.lower(): value for name, value in fields.items()}
    if named.get("enabled", "yes").strip().lower() in _OFF or "deb" not in named.get("types", "").split():
        return None
    found = (_wanted_suite(suite, codename=codename, wanted=wanted) for suite in named.get("suites", "").split())
    suites = [suite for suite in found if suite]
    if not suites or "main" not in named.get("components", "").split():
        return None
    changed = {"types": "deb", "suites": " ".join(suites), "components": "main"}
    return "\n".join(f"{name}: {changed.get(name.lower(), value)}" for name, value in fields.items())


def _wanted_suite(suite: str, *, codename: str, wanted: str) -> str | None:
    """Return the matching suite of the wanted release: the release, its updates or its security fixes; else None."""
    suites = {codename + suffix: wanted + suffix for suffix in ("", "-updates", "-security")}
    return suites.get(suite)


def _fields(block: str) -> dict[str, str]:
    """Return field names and values. A value keeps its continuation lines, as an embedded key needs them."""
    fields: dict[str, str] = {}
    name = ""
    for line in block.splitlines():
        if line[:1] in {" ", "\t"} and name:
            fields[name] += "\n" + line
        elif ":" in line:
            name, value = line.split(":", 1)
            fields[name] = value.strip()
    return fields
