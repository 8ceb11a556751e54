"""The package's dependencies are the lines of runtime.in, so that they are written down once."""

from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface


class RuntimeRequirements(MetadataHookInterface):
    """Reads `requirements/runtime.in` when the package is built."""

    def update(self, metadata: dict[str, object]) -> None:
        """Put the requirement lines into the package's metadata."""
        lines = Path(self.root, "requirements", "runtime.in").read_text(encoding="utf-8").splitlines()
        metadata["dependencies"] = [line for line in lines if line and not line.startswith("#")]
