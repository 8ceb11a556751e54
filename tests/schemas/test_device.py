"""A CSV file of devices is read completely, or rejected with every fault and its line."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rencheng.domain.device import Device, GaugeKind
from rencheng.domain.errors import NotPossible
from rencheng.domain.kind import Kind
from rencheng.schemas.device import DeviceForm, read_devices
from rencheng.schemas.findings import FINDINGS_SHOWN_MAX
from tests.support.field_cases import field_case

HEAD = "device_id,kind,region"


def read(text: str, encoding: str = "utf-8") -> list[DeviceForm]:
    return read_devices(text.encode(encoding), "list.csv")


def test_a_row_is_a_device_with_its_profile() -> None:
    [form] = read(
        f"{HEAD},name,depth_max_mm,no_return_codes,receipts,quota_per_minute,latitude\n"
        "g1,waterlogging,370102, 北侧 ,2400,9999; -1,yes,600,\n"
    )

    assert form.to_device() == Device(
        "g1",
        Kind.WATERLOGGING,
        "370102",
        name="北侧",
        depth_max_mm=2400,
        no_return_codes=(9999.0, -1.0),
        receipts=True,
        quota_per_minute=600,
    )


def test_a_row_says_what_a_gauge_is_like() -> None:
    [form] = read(
        f"{HEAD},interval_s,interval_dry_s,resolution_mm,latency_s,zero_set_on,measures,steps_mm\n"
        "g1,waterlogging,370102,60,21600,5,600,2026-06-20,electrode,50 150;270\n"
    )

    assert form.to_device() == Device(
        "g1",
        Kind.WATERLOGGING,
        "370102",
        interval_s=60,
        interval_dry_s=21_600,
        resolution_mm=5,
        latency_s=600,
        zero_set_on=date(2026, 6, 20),
        measures=GaugeKind.ELECTRODE,
        steps_mm=(50.0, 150.0, 270.0),
    )


def test_an_empty_cell_keeps_the_registered_value() -> None:
    known = Device("g1", Kind.WATERLOGGING, "370102", name="北侧", receipts=True, codec="cbor")
    [form] = read(f"{HEAD},name,receipts\ng1,waterlogging,370103,,no\n")

    assert form.to_device(known) == Device("g1", Kind.WATERLOGGING, "370103", name="北侧", codec="cbor")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_the_encodings_of_spreadsheets_are_read(encoding: str) -> None:
    [form] = read(f'{HEAD},name\r\np1,charging,370102,"充电桩,一号"\r\n', encoding)

    assert form.name == "充电桩,一号"


ROW = "g1,waterlogging,370102"


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}\n{ROW}\n,,\n,,\n",
        f"{HEAD},,,\n{ROW},,,\n,,,,,\n",
        f"{HEAD},name,,\n{ROW},,,\n",
        f"{HEAD},name\n{ROW}\n",
        f",,\n\n{HEAD}\n , ,\u3000\n{ROW}\n",
        f"{HEAD}\n{ROW},,,,\n",
        f"{HEAD}\r\n{ROW}\r\n",
        f"{HEAD}\r{ROW}\r",
        f"{HEAD};name\n{ROW};\n".replace(",", ";"),
        f"sep=;\r\n{HEAD}\r\n{ROW}\r\n".replace(",", ";"),
        f"{HEAD}\n{ROW}\n".replace(",", "\t"),
        f"{HEAD}\n{ROW}\n".replace(",", "，"),
        f"{HEAD}\n{ROW}\n".replace(",", "；"),
        f"{HEAD}\n{ROW}\n".replace(",", " , "),
        'device_id, "kind" ,"region" \n"g1" , "waterlogging","370102"\n',
        f"Device ID,KIND, Region \n{ROW}\n",
        f"{HEAD}\n\u00a0g1\u00a0,waterlogging,\u3000370102\n",
        f"\ufeff{HEAD}\n{ROW}\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_file_is_read_as_spreadsheets_leave_it(text: str, encoding: str) -> None:
    assert read(text, encoding) == [DeviceForm(device_id="g1", kind=Kind.WATERLOGGING, region="370102")]


def test_the_field_case_is_read() -> None:
    [form] = read_devices(field_case("devices_trailing_empty_rows.csv"), "list.csv")

    assert (form.device_id, form.name) == ("n-1", "a")


def test_a_full_width_comma_in_a_name_separates_nothing() -> None:
    [form] = read(f"{HEAD},name\n{ROW},北侧，一号\n")

    assert form.name == "北侧，一号"


blank_cells = st.text(" \u3000\t\u00a0", max_size=2)
blank_rows = st.lists(blank_cells, max_size=6).map(",".join)


@given(st.lists(blank_rows, min_size=3, max_size=3), st.lists(blank_cells, max_size=3))
def test_rows_and_columns_without_content_are_passed_over_anywhere(rows: list[str], cells: list[str]) -> None:
    tail = "".join(f",{cell}" for cell in cells)
    [form] = read(f"{rows[0]}\n{HEAD}{tail}\n{rows[1]}\n{ROW}{tail}\n{rows[2]}\n")

    assert form.device_id == "g1"


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("", "column 'device_id' is missing"),
        ("device_id,kind\n", "column 'region' is missing"),
        (f"{HEAD},colour\n", "column 'colour' is unknown"),
        (f"{HEAD},name,name\n", "column 'name' is given twice"),
        (f"{HEAD}\ng1,waterlogging\n", "line 2: fewer cells"),
        (f"{HEAD}\ng1,waterlogging,370102,x\n", "line 2: more cells"),
        (f"{HEAD}\ng1,gauge,370102\n", "line 2: kind"),
        (f"{HEAD}\ng 1,signal,370102\n", "line 2: device_id"),
        (f"{HEAD}\ng1,signal,Lixia\n", "line 2: region"),
        (f"{HEAD}\ng1,signal,370102\ng1,signal,370102\n", "line 3: g1 is given twice"),
        (f"{HEAD},latitude\ng1,signal,370102,91\n", "line 2: latitude"),
        (f"{HEAD},no_return_codes\ng1,signal,370102,nan\n", "line 2: no_return_codes"),
        (f"{HEAD},measures\ng1,waterlogging,370102,guess\n", "line 2: measures"),
        (f"{HEAD},interval_s\ng1,waterlogging,370102,0\n", "line 2: interval_s"),
        (f"{HEAD},steps_mm\ng1,waterlogging,370102,-5\n", "line 2: steps_mm"),
        (f"{HEAD},quota_per_minute\ng1,signal,370102,0\n", "line 2: quota_per_minute"),
        (f'{HEAD}\n"g1,signal,370102\n', "unexpected end of data"),
        (f"{HEAD},name\n,,,a\n", "line 2: device_id: Field required"),
        ("device_id,kind,,region\ng1,signal,x,370102\n", "line 2: 'x' is in a column without a name"),
        (
            f"{HEAD}\n1.23457E+11,signal,370102\n",
            "line 2: device_id: 1.23457E+11 is a number that a spreadsheet shortened",
        ),
        (f"\n\n{HEAD}\n\n,,\ng1,gauge,370102\n", "line 6: kind"),
        (f"sep=;\n{HEAD.replace(',', ';')}\ng1;gauge;370102\n", "line 3: kind"),
    ],
)
def test_a_fault_is_reported_with_its_line(text: str, finding: str) -> None:
    with pytest.raises(NotPossible) as error:
        read(text)

    assert finding in str(error.value)
    assert str(error.value).startswith("list.csv")


def test_only_the_first_twenty_faults_are_listed() -> None:
    with pytest.raises(NotPossible, match=r"and 9,980 more") as error:
        read(HEAD + "\ng1,gauge,370102" * 10_000)

    assert len(str(error.value).splitlines()) == FINDINGS_SHOWN_MAX + 1


ROWS = st.text(max_size=200).map(lambda rows: f"{HEAD}\n{rows}".encode("utf-8", "replace"))


@given(st.binary(max_size=200) | ROWS)
def test_any_file_is_read_or_rejected_with_a_reason(data: bytes) -> None:
    message = "list.csv"
    try:
        read_devices(data, "list.csv")
    except NotPossible as error:
        message = str(error)
    assert message.startswith("list.csv")
