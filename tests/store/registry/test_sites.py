"""The registry of sites in a real database: bindings, and every version of the thresholds."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from sqlalchemy import Engine, create_engine, text

from rencheng.domain.device import Device
from rencheng.domain.errors import NotPossible
from rencheng.domain.kind import Kind
from rencheng.domain.level import Level
from rencheng.domain.sensor import BoundSensor, Role
from rencheng.domain.site import DepthThreshold, Site, SiteType, default_profile
from rencheng.store.core.database import Connection
from rencheng.store.registry.bindings import unbind, unregistered_devices
from rencheng.store.registry.devices import add_region, add_world, load_directory, register, retire
from rencheng.store.registry.site_status import find_site, gauges_of
from rencheng.store.registry.sites import load_sites, profile_versions, register_site, replace_sites

REGION = "370102"
ROAD = default_profile(SiteType.ROAD)


@pytest.fixture(scope="module")
def database(database_url: str) -> Iterator[Engine]:
    engine = create_engine(database_url)
    with engine.begin() as connection:
        add_region(connection, REGION, "历下区", "Lixia")
        add_world(connection, "drill", "演练")
    yield engine
    engine.dispose()


@pytest.fixture
def connection(database: Engine) -> Iterator[Connection]:
    """Roll back the changes of each test."""
    with database.connect() as connection:
        yield connection
        connection.rollback()


def site(site_id: str, *sensors: BoundSensor, world: str = "actual") -> Site:
    return Site(site_id, "路", "Road", SiteType.ROAD, REGION, 36.6, 117.0, ROAD, world=world, sensors=sensors)


def add_device(connection: Connection, name: str, kind: Kind = Kind.WATERLOGGING, **more: str | None) -> None:
    register(connection, [(Device(name, kind, REGION, **more), None)])  # type: ignore[arg-type]


def rain(name: str) -> BoundSensor:
    return BoundSensor(name, Role.RAIN)


def test_a_registered_site_is_loaded(connection: Connection) -> None:
    register_site(connection, site("S1"))
    wanted = replace(
        site("S1", BoundSensor("g1", Role.DEPTH, 120), rain("r1"), BoundSensor("s1", Role.SIGNAL)),
        polygon=((36.1, 117.1), (36.2, 117.1), (36.2, 117.2)),
        catchment="洋涓河",
        closing_time_s=45.0,
    )
    for name, kind in (("g1", Kind.WATERLOGGING), ("r1", Kind.WATERLOGGING), ("s1", Kind.SIGNAL)):
        add_device(connection, name, kind)
    register_site(connection, wanted)

    assert load_sites(connection) == {"S1": wanted}


def test_a_device_with_a_site_of_its_own_is_bound_by_its_kind(connection: Connection) -> None:
    register_site(connection, site("S1"))
    add_device(connection, "g1", site_id="S1")
    add_device(connection, "p1", Kind.CHARGING, site_id="S1")

    assert load_sites(connection)["S1"].sensors == (BoundSensor("g1"), BoundSensor("p1", Role.CHARGER))


def test_a_rain_gauge_serves_two_sites_and_gives_neither_a_depth(connection: Connection) -> None:
    for name in ("S1", "S2"):
        register_site(connection, site(name, rain("r1")))
    add_device(connection, "r1", site_id="S1")
    sites = load_sites(connection)
    stand = find_site(connection, "S1")

    assert [sites[name].rain_gauge_ids for name in ("S1", "S2")] == [("r1",), ("r1",)]
    assert [sites[name].depth_gauge_ids for name in ("S1", "S2")] == [(), ()]
    assert stand is not None
    assert stand.gauges == ()
    assert gauges_of(connection, "S2") == ["r1"]


def test_a_depth_gauge_serves_one_site(connection: Connection) -> None:
    register_site(connection, site("S1"))
    register_site(connection, site("S2", BoundSensor("g2")))
    add_device(connection, "g1", site_id="S1")
    with pytest.raises(NotPossible, match="gauge g1 serves site S1"):
        register_site(connection, site("S2", BoundSensor("g1")))
    with pytest.raises(NotPossible, match="gauge g2 serves site S2"):
        register_site(connection, site("S1", BoundSensor("g2")))


def test_a_gauge_that_moved_to_another_site_serves_only_that_site(connection: Connection) -> None:
    register_site(connection, site("S1", BoundSensor("g1")))
    register_site(connection, site("S2"))
    add_device(connection, "g1", site_id="S2")
    register_site(connection, site("S2", BoundSensor("g1", Role.DEPTH, 30)))
    sites = load_sites(connection)

    assert (sites["S1"].sensors, sites["S2"].sensors) == ((), (BoundSensor("g1", Role.DEPTH, 30),))


def test_a_gauge_of_one_site_is_upstream_of_another(connection: Connection) -> None:
    upstream = BoundSensor("g1", Role.UPSTREAM, lag_s=900.0)
    manhole = BoundSensor("m1", Role.MANHOLE, crown_mm=800.0, rim_mm=2500.0)
    register_site(connection, site("S1"))
    register_site(connection, site("S2", upstream, manhole))
    add_device(connection, "g1", site_id="S1")
    add_device(connection, "m1")
    sites = load_sites(connection)

    assert (sites["S1"].sensors, sites["S2"].sensors) == ((BoundSensor("g1"),), (upstream, manhole))


def test_unsuitable_devices_are_excluded_and_unregistered_ones_are_listed(connection: Connection) -> None:
    register_site(
        connection, site("S1", *(BoundSensor(name) for name in ("absent", "away", "old", "signal")), rain("r1"))
    )
    register_site(connection, replace(site("S2"), sensors=(BoundSensor("pump1", Role.PUMP),)))
    add_device(connection, "away", world="drill")
    add_device(connection, "old")
    add_device(connection, "signal", Kind.SIGNAL)
    add_device(connection, "r1")
    retire(connection, "old")

    assert load_sites(connection)["S1"].sensors == (rain("r1"),)
    assert load_sites(connection)["S2"].sensors == (BoundSensor("pump1", Role.PUMP),)
    assert unregistered_devices(connection) == {"S1": ("absent",)}
    assert gauges_of(connection, "S1") == ["old", "r1"]


def test_a_list_of_sites_unbinds_missing_devices_and_moves_a_gauge(connection: Connection) -> None:
    for name in ("S1", "S2"):
        register_site(connection, site(name))
    for name in ("g1", "g2", "g3"):
        add_device(connection, name, site_id="S1")
    replace_sites(connection, [site("S1", BoundSensor("g1")), site("S2", BoundSensor("g2"))])
    sites = load_sites(connection)

    assert [sites[name].depth_gauge_ids for name in ("S1", "S2")] == [("g1",), ("g2",)]
    assert load_directory(connection)["g3"].site_id is None


def test_a_site_does_not_change_its_world(connection: Connection) -> None:
    register_site(connection, site("S1"))
    with pytest.raises(NotPossible, match="worlds never mix"):
        replace_sites(connection, [site("S1", world="drill")])


def test_unbinding_removes_both_forms_of_binding(connection: Connection) -> None:
    register_site(connection, site("S1", rain("r1")))
    add_device(connection, "r1", site_id="S1")

    assert unbind(connection, "S1", "r1")
    assert load_sites(connection)["S1"].sensors == ()
    assert not unbind(connection, "S1", "r1")


def test_changed_thresholds_are_a_new_version_and_the_old_one_stays(connection: Connection) -> None:
    deeper = replace(ROAD, thresholds={**ROAD.thresholds, Level.RED: DepthThreshold(500, "survey")})
    first = register_site(connection, site("S1"))
    again = register_site(connection, replace(site("S1"), name_en="Renamed"))
    second = register_site(connection, replace(site("S1"), profile=deeper))
    third = register_site(connection, site("S1"))
    versions = [profile for profile, _ in profile_versions(connection, "S1")]

    assert (first, again, second, third) == (1, 1, 2, 3)
    assert [(kept.version, kept.depth_mm(Level.RED)) for kept in versions] == [(3, 400), (2, 500), (1, 400)]
    assert load_sites(connection)["S1"].profile.version == 3


def test_a_change_of_bindings_notifies_listeners(database: Engine) -> None:
    with database.connect() as listener, database.begin() as writer:
        listener.exec_driver_sql("LISTEN rencheng_devices")
        listener.commit()
        register_site(writer, site("S9", rain("r9")))
        writer.execute(text("DELETE FROM site_sensors"))
        writer.commit()
        driver = listener.connection.driver_connection
        assert driver is not None
        assert [news.channel for news in driver.notifies(timeout=5, stop_after=1)] == ["rencheng_devices"]
    with database.begin() as connection:
        connection.execute(text("DELETE FROM sites WHERE site_id = 'S9'"))
