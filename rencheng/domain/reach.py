"""The part of the platform that a key may read and change: regions and worlds."""

from dataclasses import dataclass

from rencheng.domain.region import code_includes


@dataclass(frozen=True, slots=True)
class Reach:
    """Regions and worlds. An empty tuple means all of them.

    Attributes:
        regions: GB/T 2260 codes; a city or a province includes its districts.
        worlds: `actual`, or names of exercises.
    """

    regions: tuple[str, ...] = ()
    worlds: tuple[str, ...] = ()

    @property
    def is_everywhere(self) -> bool:
        """Whether nothing is excluded."""
        return not self.regions and not self.worlds

    def includes_region(self, region: str) -> bool:
        """Return whether a district, city or province lies in the reach as a whole."""
        return not self.regions or any(code_includes(code, region) for code in self.regions)

    def includes_world(self, world: str) -> bool:
        """Return whether a world lies in the reach."""
        return not self.worlds or world in self.worlds

    def includes(self, region: str, world: str) -> bool:
        """Return whether a region of a world lies in the reach as a whole."""
        return self.includes_region(region) and self.includes_world(world)

    def covers(self, other: "Reach") -> bool:
        """Return whether another reach lies in this one as a whole."""
        regions = not self.regions or (bool(other.regions) and all(map(self.includes_region, other.regions)))
        worlds = not self.worlds or (bool(other.worlds) and all(map(self.includes_world, other.worlds)))
        return regions and worlds


EVERYWHERE = Reach()
"""The reach of a key that is not bound, and of commands."""
