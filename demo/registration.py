"""Register the demo city. The data of an earlier run in the same exercise is deleted first."""

from demo.city import REGIONS, DemoCity
from rencheng.devices.registration import register_devices
from rencheng.store.core.database import Engine
from rencheng.store.exercises import clear_exercise
from rencheng.store.registry.devices import add_region, add_world
from rencheng.store.registry.sites import register_site


def register_city(engine: Engine, city: DemoCity, world: str, *, title: str) -> dict[str, str]:
    """Register sites and devices. Return the devices' new passwords by name."""
    with engine.begin() as connection:
        clear_exercise(connection, world)
        add_world(connection, world, title)
        for region, names in REGIONS.items():
            add_region(connection, region, *names)
        for site in city.sites:
            register_site(connection, site)
    return register_devices(engine, city.devices)
