from local_stack.sources import convert_list, convert_stanzas

LINES = """
# deb http://commented.example.org/debian bookworm main
deb http://mirror.example.org/debian bookworm main contrib non-free-firmware  # ours
deb [arch=amd64 signed-by=/keys/debian.gpg] https://mirror.example.org/debian-security bookworm-security main
deb http://mirror.example.org/debian bookworm-updates main
deb-src http://mirror.example.org/debian bookworm main
deb http://mirror.example.org/debian bookworm-backports main
deb [signed-by=/keys/vendor.gpg] https://vendor.example.org/linux/debian bookworm stable
deb https://vendor.example.org/node nodistro main
deb cdrom:[Debian 12]/ bookworm main
"""

STANZAS = """# The distribution
Types: deb deb-src
# a snapshot could stand here
URIs: http://mirror.example.org/debian
Suites: bookworm bookworm-updates bookworm-backports
Components: main contrib
Signed-By: /keys/debian.gpg

Types: deb
URIs: https://mirror.example.org/debian-security
Suites: bookworm-security
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc:def
 -----END PGP PUBLIC KEY BLOCK-----

Enabled: no
Types: deb
URIs: http://off.example.org/debian
Suites: bookworm
Components: main

Types: deb
URIs: https://vendor.example.org/node
Suites: nodistro
Components: main

Types: deb-src
URIs: http://mirror.example.org/debian
Suites: bookworm
Components: main
"""


def test_lines_of_the_distribution_are_taken_and_others_left() -> None:
    assert convert_list(LINES, codename="bookworm", wanted="trixie") == [
        "deb http://mirror.example.org/debian trixie main",
        "deb [arch=amd64 signed-by=/keys/debian.gpg] https://mirror.example.org/debian-security trixie-security main",
        "deb http://mirror.example.org/debian trixie-updates main",
    ]


def test_stanzas_of_the_distribution_are_taken_and_others_left() -> None:
    first, second = convert_stanzas(STANZAS, codename="bookworm", wanted="trixie")
    assert first == (
        "Types: deb\nURIs: http://mirror.example.org/debian\nSuites: trixie trixie-updates\nComponents: main\n"
        "Signed-By: /keys/debian.gpg"
    )
    assert "Suites: trixie-security\n" in second
    assert second.endswith("\n .\n abc:def\n -----END PGP PUBLIC KEY BLOCK-----")


def test_a_machine_of_the_wanted_release_keeps_its_suites() -> None:
    line = "deb http://mirror.example.org/debian trixie main"
    assert convert_list(line, codename="trixie", wanted="trixie") == [line]
