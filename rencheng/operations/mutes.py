"""Create and end mutes: silences and maintenance windows."""

from rencheng.domain.errors import NotPossible
from rencheng.domain.mute import Mute, Silence
from rencheng.operations.differences import differences
from rencheng.schemas.mute import mute_form
from rencheng.store.access import audit
from rencheng.store.core.database import Connection
from rencheng.store.warnings.mutes import add_mute, end_mute, find_mute, places_of
from rencheng.store.warnings.mutes import change_silence as write_silence


def create_mute(connection: Connection, mute: Mute, *, actor: str) -> str:
    """Create a mute and return its name.

    Raises:
        NotPossible: no site is in its scope, so it would mute nothing.
    """
    _require_sites(connection, mute)
    name = add_mute(connection, mute, actor)
    audit.record(connection, actor, "mute.make", name, _detail(mute))
    return name


def change_silence(connection: Connection, name: str, silence: Silence, *, actor: str) -> None:
    """Change a silence that has not ended. What it no longer suppresses is delivered.

    Raises:
        NotPossible: none of this name is in force or to come, its world would change, or it would mute nothing.
    """
    before = find_mute(connection, name)
    if before is None:
        raise NotPossible(_missing(name))
    if before.scope.world != silence.scope.world:
        raise NotPossible(f"{name} is in the world {before.scope.world}; end it, and make one in the other world")
    _require_sites(connection, silence)
    if not write_silence(connection, name, silence):
        raise NotPossible(_missing(name))
    audit.record(connection, actor, "mute.change", name, differences(_detail(before), _detail(silence)))


def finish_mute(connection: Connection, name: str, *, actor: str) -> None:
    """End a mute now. Suppressed warnings that are still in force are delivered.

    Raises:
        NotPossible: no mute of this name is in force or to come.
    """
    mute = find_mute(connection, name)
    if not end_mute(connection, name):
        raise NotPossible(_missing(name))
    audit.record(connection, actor, "mute.end", name, {"before": _detail(mute) if mute else "cannot be read"})


def _missing(name: str) -> str:
    return f"there is no {name} in force or to come; `rencheng mute list` shows all"


def _require_sites(connection: Connection, mute: Mute) -> None:
    if not places_of(connection, mute.scope):
        scope = mute.scope
        raise NotPossible(
            f"the mute would mute nothing: no site of the world {scope.world} is in its scope"
            f" ({scope.site_id or scope.region or scope.catchment}); `rencheng site list` shows all sites"
        )


def _detail(mute: Mute) -> dict[str, str]:
    return {key: str(value) for key, value in mute_form(mute).items() if value is not None}
