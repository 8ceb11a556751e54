"""What no outer form could say truthfully is refused before any of them is begun."""

import math

from rencheng.domain.level import Level
from rencheng.domain.site import Site
from rencheng.domain.warning import WarningMessage
from rencheng.text.formatting import UNPRINTABLE, local
from rencheng.text.publisher import CAP_TOKEN


def validate(message: WarningMessage, site: Site) -> None:
    """Stop a message that contradicts itself or its site.

    Raises:
        ValueError: and which of its values is at fault.
    """
    _refuse_strange_site(message, site)
    if message.level is Level.NONE:
        raise ValueError(f"{message.identifier} has no colour; a Cancel carries the level that ended")
    for name, value in (("identifier", message.identifier), ("warning_id", message.warning_id)):
        if not CAP_TOKEN.fullmatch(value) or UNPRINTABLE.search(value):
            raise ValueError(f"{name} {value!r} must have no spaces, commas, <, & or control characters")
    _refuse_unmeasured(message)
    _refuse_broken_chain(message)


def _refuse_strange_site(message: WarningMessage, site: Site) -> None:
    """The site must be the message's own, in the same world, and somewhere on the earth."""
    if message.site_id != site.site_id:
        raise ValueError(f"{message.identifier} is about site {message.site_id!r}, not {site.site_id!r}")
    if message.world != site.world:
        raise ValueError(f"{message.identifier} is in world {message.world!r}, its site in {site.world!r}: never mix")
    on_earth = abs(site.latitude) < 90 and abs(site.longitude) <= 180  # noqa: PLR2004 - NaN fails too; at a pole a degree east has no length
    if not on_earth or not math.isfinite(site.radius_m):
        raise ValueError(f"site {site.site_id!r} lies nowhere: {site.latitude}, {site.longitude}, {site.radius_m} m")


def _refuse_unmeasured(message: WarningMessage) -> None:
    """Not-a-number and infinity are no measurements, and JSON cannot carry them."""
    grounds = message.grounds
    numbers = (grounds.depth_mm, grounds.threshold_mm, grounds.rise_mm_per_min, grounds.eta_s, grounds.probability)
    if not all(math.isfinite(value) for value in numbers if value is not None):
        raise ValueError(f"the grounds of {message.identifier} hold a number that is not finite: {grounds}")


def _refuse_broken_chain(message: WarningMessage) -> None:
    """Receivers join messages by `references`: one to itself or to the future would void this message.

    That an Update or a Cancel has earlier messages at all is CAP's demand, so `cap.serialise` asks for it.
    """
    issued_at = local(message.issued_at)
    for identifier, earlier_at in message.references:
        if not CAP_TOKEN.fullmatch(identifier) or UNPRINTABLE.search(identifier):
            raise ValueError(f"reference {identifier!r} must have no spaces, commas, <, & or control characters")
        if identifier == message.identifier:
            raise ValueError(f"{identifier} refers to itself; list only earlier messages")
        if local(earlier_at) > issued_at:
            raise ValueError(f"{message.identifier} refers to {identifier}, which was issued after it")
