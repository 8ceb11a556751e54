"""Devices are registered all or none, changed, replaced and retired, with an audit of each action."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Engine, text

from rencheng.devices.lifecycle import change_device, replace_device, retire_device, rotate_password
from rencheng.devices.registration import RegistrationResult, register_devices, register_forms
from rencheng.domain.errors import NotPossible
from rencheng.domain.kind import Kind
from rencheng.domain.reading import SignalEvent
from rencheng.schemas.device import DeviceForm
from rencheng.store.readings.merge import ReceivedReading, write
from rencheng.store.registry.device_changes import succession
from rencheng.store.registry.devices import find_devices, load_directory, password_hashes
from tests.devices.conftest import ACTOR, REGION

pytestmark = pytest.mark.usefixtures("_empty")


def form(device_id: str, **more: Any) -> DeviceForm:
    return DeviceForm(**{"device_id": device_id, "kind": Kind.WATERLOGGING, "region": REGION} | more)


def register_all(database: Engine, *forms: DeviceForm) -> RegistrationResult:
    with database.begin() as connection:
        return register_forms(connection, forms, actor=ACTOR)


def names(database: Engine) -> set[str]:
    with database.connect() as connection:
        return set(load_directory(connection))


def hashes(database: Engine) -> dict[str, str]:
    with database.connect() as connection:
        return dict(password_hashes(connection))


def audited(database: Engine) -> Sequence[tuple[str, str]]:
    with database.connect() as connection:
        return [tuple(row) for row in connection.execute(text("SELECT action, subject FROM audit ORDER BY audit_id"))]


def test_registering_a_list_twice_changes_nothing(database: Engine) -> None:
    forms = [form(f"g{number}", site_id="S1") for number in range(50)]
    first = register_all(database, *forms)
    before = hashes(database)
    second = register_all(database, *forms)

    assert (len(first.passwords), first.changed, first.unchanged) == (50, [], 0)
    assert (second.passwords, second.changed, second.unchanged) == ({}, [], 50)
    assert hashes(database) == before
    assert audited(database) == [("device.import", "devices")]


def test_a_changed_device_keeps_its_password(database: Engine) -> None:
    register_all(database, form("g1"), form("g2"))
    before = hashes(database)
    done = register_all(database, form("g1", name="北侧", region="370104"), form("g2"))

    assert (done.passwords, done.changed, done.unchanged) == ({}, ["g1"], 1)
    assert hashes(database) == before


def test_one_invalid_device_rejects_the_list_and_every_fault_is_named(database: Engine) -> None:
    register_all(database, form("old"), form("other-kind", kind=Kind.SIGNAL))
    with database.begin() as connection:
        retire_device(connection, "old", actor=ACTOR)
    with pytest.raises(NotPossible) as error:
        register_all(
            database,
            form("fine"),
            form("lost", site_id="nowhere"),
            form("old"),
            form("other-kind"),
            form("odd", codec="morse"),
            form("rencheng-x"),
            form("away", site_id="S1", world="drill"),
        )
    found = {chain.split(":")[0]: chain for chain in str(error.value).splitlines()}

    assert set(found) == {"lost", "old", "other-kind", "odd", "rencheng-x", "away"}
    assert "no site nowhere" in found["lost"]
    assert "brings it back" in found["old"]
    assert "fine" not in names(database)


def test_the_passwords_are_handed_out_before_the_commit(database: Engine) -> None:
    def fail(_new: object) -> None:
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"), database.begin() as connection:
        register_forms(connection, [form("g1")], actor=ACTOR, on_passwords=fail)

    assert names(database) == set()


def test_a_replacement_gets_site_and_bindings_and_the_history_stays(database: Engine) -> None:
    register_all(database, form("g1", site_id="S1", name="北侧", depth_max_mm=2400, receipts=True))
    with database.begin() as connection:
        connection.execute(text("INSERT INTO site_sensors VALUES ('S1', 'g1', 'depth', 35)"))
        new, _ = replace_device(connection, "g1", "g2", {"depth_max_mm": 2350.0}, actor=ACTOR)
        last, password = replace_device(connection, "g2", "g3", {}, actor=ACTOR)
    with database.connect() as connection:
        chain = [row["device_id"] for row in succession(connection, "g2")]
        heights = connection.execute(
            text("SELECT device_id, lowest_point_height_mm FROM site_sensors ORDER BY 1")
        ).all()
        directory = load_directory(connection)

    assert (new.site_id, new.name, new.depth_max_mm, new.receipts, new.replaces) == ("S1", "北侧", 2350.0, True, "g1")
    assert chain == ["g1", "g2", "g3"]
    assert [tuple(row) for row in heights] == [("g1", 35.0), ("g2", 35.0), ("g3", 35.0)]
    assert [directory[name].retired_at is None for name in chain] == [False, False, True]
    assert directory["g1"].site_id == "S1"
    assert set(hashes(database)) == {"g3"}
    assert len(password) == 32
    assert last.device_id == "g3"
    assert ("device.replace", "device g1") in audited(database)


def test_a_retired_device_or_a_registered_name_cannot_be_used_for_a_replacement(database: Engine) -> None:
    register_all(database, form("g1"), form("g2"))
    with database.begin() as connection:
        retire_device(connection, "g2", actor=ACTOR)
    for old, new, says in (("g2", "g3", "in service"), ("g1", "g2", "already"), ("none", "g3", "in service")):
        with pytest.raises(NotPossible, match=says), database.begin() as connection:
            replace_device(connection, old, new, {}, actor=ACTOR)


def test_a_new_password_replaces_the_old_one(database: Engine) -> None:
    register_all(database, form("g1"))
    before = hashes(database)["g1"]
    with database.begin() as connection:
        rotate_password(connection, "g1", actor=ACTOR)

    assert hashes(database)["g1"] != before
    with pytest.raises(NotPossible), database.begin() as connection:
        rotate_password(connection, "g2", actor=ACTOR)


def test_a_kind_can_be_corrected_only_without_stored_readings(database: Engine) -> None:
    register_all(database, form("x", kind=Kind.SIGNAL), form("y", kind=Kind.SIGNAL))
    with database.begin() as connection:
        now = connection.execute(text("SELECT now()")).scalar_one()
        write(connection, [ReceivedReading(SignalEvent("y", now, 1, 2), now)])
        change_device(connection, "x", {"kind": Kind.WATERLOGGING}, actor=ACTOR)
        with pytest.raises(NotPossible, match="has readings"):
            change_device(connection, "y", {"kind": Kind.WATERLOGGING}, actor=ACTOR)

    with database.connect() as connection:
        found = find_devices(connection, ["x", "y"])
    assert (found["x"].kind, found["y"].kind) == (Kind.WATERLOGGING, Kind.SIGNAL)


def test_a_change_is_audited_with_the_former_values(database: Engine) -> None:
    register_all(database, form("g1", name="old"))
    with database.begin() as connection:
        change_device(connection, "g1", {"name": "new"}, actor=ACTOR)
        change_device(connection, "g1", {"name": "new"}, actor=ACTOR)  # no change, so no audit
        details = connection.execute(text("SELECT detail FROM audit WHERE action = 'device.change'")).scalars().all()

    assert details == [{"before": {"name": "old"}, "after": {"name": "new"}}]


def test_a_device_in_service_again_keeps_its_replacement_chain(database: Engine) -> None:
    register_all(database, form("g1"))
    with database.begin() as connection:
        new, _ = replace_device(connection, "g1", "g2", {}, actor=ACTOR)
        retire_device(connection, "g2", actor=ACTOR)
    register_devices(database, [form("g2").to_device()])
    with database.connect() as connection:
        found = find_devices(connection, ["g2"])["g2"]

    assert (found.retired_at, found.replaces) == (None, new.replaces)


@pytest.mark.parametrize(
    ("profile", "code"),
    [
        ({"depth_max_mm": 2400}, 2400),
        ({"depth_max_mm": 2400}, 1),
        ({"depth_max_mm": 2400, "blind_zone_mm": 280}, 281),
        ({"depth_max_mm": 2400, "blind_zone_mm": 280}, 2000),
    ],
)
def test_a_no_return_code_that_is_a_measured_distance_is_refused(
    database: Engine, profile: dict[str, float], code: float
) -> None:
    with pytest.raises(NotPossible, match=f"no-return code {code}: the gauge measures such a distance"):
        register_all(database, form("G1", no_return_codes=[code], **profile))
    register_all(database, form("G1", no_return_codes=[code]))
    with database.begin() as connection, pytest.raises(NotPossible, match="no-return code"):
        change_device(connection, "G1", profile, actor=ACTOR)


@pytest.mark.parametrize(
    ("profile", "why"),
    [
        ({"steps_mm": [270]}, "set measures"),
        ({"measures": "switch"}, "a switch has one height"),
        ({"measures": "switch", "steps_mm": [50, 270]}, "a switch has one height"),
        ({"measures": "electrode"}, "electrodes need their heights"),
    ],
)
def test_a_switch_has_one_height_and_electrodes_have_theirs(
    database: Engine, profile: dict[str, object], why: str
) -> None:
    with pytest.raises(NotPossible, match=why):
        register_all(database, form("G1", **profile))
    register_all(database, form("G1", measures="electrode", steps_mm=[50, 150]))


def test_a_no_return_code_within_the_blind_zone_or_beyond_the_mounting_height_is_registered(database: Engine) -> None:
    register_all(database, form("G1", no_return_codes=[0, -1, 280, 2401, 9999], depth_max_mm=2400, blind_zone_mm=280))

    assert names(database) == {"G1"}
