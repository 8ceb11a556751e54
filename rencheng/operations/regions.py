"""Names of regions."""

from rencheng.domain.errors import NotPossible
from rencheng.domain.region import has_province
from rencheng.operations.differences import differences
from rencheng.store.access import audit
from rencheng.store.core.database import Connection
from rencheng.store.registry.devices import add_region, find_region


def name_region(connection: Connection, region: str, names: dict[str, str], *, actor: str) -> None:
    """Add a region with its names, or rename it.

    Raises:
        NotPossible: no province has this code.
    """
    if not has_province(region):
        raise NotPossible(f"{region} lies in no province; give a GB/T 2260 code, such as 370102 for Lixia, Jinan")
    before = find_region(connection, region)
    if before == names:
        return
    add_region(connection, region, names["name_zh"], names["name_en"])
    action = "region.add" if before is None else "region.change"
    audit.record(connection, actor, action, f"region {region}", differences(before or {}, names))
