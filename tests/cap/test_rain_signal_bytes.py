"""Rain signals as bytes: any encoding, any white space, and bounds on what one message may cost."""

import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.cap.rain_signals import decode_document, read_signals
from rencheng.domain.errors import NotPossible
from rencheng.domain.level import Level
from rencheng.domain.weather import REGIONS_MAX
from tests.support.rain_signals import alert, info

ENCODINGS = [
    ("gb2312", "GB2312"), ("gbk", "gbk"), ("gb18030", "GB18030"), ("utf-8", "UTF-8"), ("utf-8-sig", "utf-8"),
    ("utf-16", "UTF-16"), ("utf-16-le", "UTF-16"), ("utf-16-be", "UTF-16"), ("utf-32", "UTF-32"),
    ("utf-8", "GB2312"), ("utf-8-sig", "GBK"), ("utf-16", "utf-8"), ("utf-8", "UTF-16"), ("gbk", "UTF-8"), ("gbk", ""),
    ("utf-8", ""),
]  # fmt: skip
"""How a document is encoded, and what it declares."""


@given(
    st.sampled_from(ENCODINGS),
    st.sampled_from(["", "\n", " \r\n\t"]),
    st.sampled_from([",", "，", "、", ";", "；", " ", "\n", ", "]),
    st.booleans(),
)
def test_neither_encoding_nor_white_space_nor_width_changes_a_signal(
    encoding: tuple[str, str], space: str, separator: str, is_wide: bool
) -> None:
    regions = separator.join(("370102000000", "370103"))
    if is_wide:
        regions = regions.translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
    document = alert(info(f"{space}市气象台发布暴雨橙色预警{space}", event=f"{space}暴雨{space}", regions=regions))
    document = document.replace("><", f">{space}<")
    written, declared = encoding
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""

    [signal] = read_signals(decode_document(f"{declaration}{space}{document}".encode(written)))

    assert (signal.level, signal.regions, signal.identifier) == (Level.ORANGE, ("370102", "370103"), "S1")


def test_bytes_of_no_declared_encoding_are_rejected() -> None:
    for document in (b'<?xml version="1.0" encoding="EBCDIC-CP-US"?><a/>', b"<a>\xff\xff</a>"):
        with pytest.raises(NotPossible, match=r"declare|not accepted"):
            decode_document(document)


def test_codes_of_other_lists_are_no_regions() -> None:
    same = info(regions="006037").replace("GB/T 2260", "SAME")
    for document in (same, info(regions="006037"), info(regions="37010"), info(regions="3701021"), info(regions="甲")):
        with pytest.raises(NotPossible, match="names no region"):
            read_signals(alert(document))


def test_the_number_of_regions_is_bounded() -> None:
    codes = [f"37{number:04d}" for number in range(REGIONS_MAX + 1)]

    assert len(read_signals(alert(info(regions=",".join(codes[:-1]))))[0].regions) == REGIONS_MAX
    with pytest.raises(NotPossible, match="more than 5000 regions"):
        read_signals(alert(info(regions=",".join(codes))))


@pytest.mark.parametrize(
    "document",
    [
        "<alert>" + "<a/>" * 240_000 + "</alert>",
        "<a>" * 300_000,
        alert(info("暴雨" * 450_000)),
        alert(info("Rain upgraded " * 60_000)),
        alert(info("rain " * 190_000)),
        alert(info("解除暴雨红色" * 150_000)),
        alert(info(regions="370102 " * 140_000)),
        alert(info(), references=f"<references>{'s@x,A,b ' * 110_000}</references>"),
        "<alert " + " ".join(f'a{number}=""' for number in range(90_000)) + "/>",
    ],
)
def test_a_megabyte_costs_less_than_a_second(document: str) -> None:
    began_s = time.process_time()
    with suppress(NotPossible):
        read_signals(document)
    assert time.process_time() - began_s < 1.0


@pytest.mark.parametrize("name", ["sent", "expires"])
@pytest.mark.parametrize(
    "written", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+08:00", "1969-12-31T00:00:00+00:00"]
)
def test_a_time_out_of_bounds_is_rejected(name: str, written: str) -> None:
    document = alert(info())
    begin = document.index(f"<{name}>") + len(name) + 2
    with pytest.raises(NotPossible, match=f"{name} "):
        read_signals(document[:begin] + written + document[begin + 25 :])
