"""Reject a message that contradicts itself or its site, before it is rendered in any form."""

import math

from rencheng.domain.level import Level
from rencheng.domain.site import Site
from rencheng.domain.warning import WarningMessage
from rencheng.text.formatting import UNPRINTABLE, local
from rencheng.text.publisher import CAP_TOKEN


def validate(message: WarningMessage, site: Site) -> None:
    """Reject a message that contradicts itself or its site.

    Raises:
        ValueError: the error names the wrong value.
    """
    _check_site(message, site)
    if message.level is Level.NONE:
        raise ValueError(f"{message.identifier} has no colour; give a Cancel the level that ended")
    for name, value in (("identifier", message.identifier), ("warning_id", message.warning_id)):
        if not CAP_TOKEN.fullmatch(value) or UNPRINTABLE.search(value):
            raise ValueError(f"{name} {value!r} must have no spaces, commas, <, & or control characters")
    _check_numbers(message)
    _check_references(message)


def _check_site(message: WarningMessage, site: Site) -> None:
    """Require the message's own site, in the same world, with a valid position."""
    if message.site_id != site.site_id:
        raise ValueError(f"{message.identifier} is about site {message.site_id!r}, not {site.site_id!r}")
    if message.world != site.world:
        raise ValueError(f"{message.identifier} is in world {message.world!r}, its site in {site.world!r}: never mix")
    # NaN fails too; at a pole a degree of longitude has no length
    has_position = abs(site.latitude) < 90 and abs(site.longitude) <= 180  # noqa: PLR2004
    if not has_position or not math.isfinite(site.radius_m):
        where = f"{site.latitude}, {site.longitude}, {site.radius_m} m"
        raise ValueError(f"site {site.site_id!r} has no valid position or radius: {where}")


def _check_numbers(message: WarningMessage) -> None:
    """Require finite numbers, because JSON has no form for NaN and infinity."""
    grounds = message.grounds
    numbers = (grounds.depth_mm, grounds.threshold_mm, grounds.rise_mm_per_min, grounds.eta_s, grounds.probability)
    if not all(math.isfinite(value) for value in numbers if value is not None):
        raise ValueError(f"the grounds of {message.identifier} have a number that is not finite: {grounds}")


def _check_references(message: WarningMessage) -> None:
    """Require references to earlier messages only, because receivers drop a message with any other reference.

    `cap.render` checks that an Update or a Cancel has references, because only CAP requires it.
    """
    issued_at = local(message.issued_at)
    for identifier, earlier_at in message.references:
        if not CAP_TOKEN.fullmatch(identifier) or UNPRINTABLE.search(identifier):
            raise ValueError(f"reference {identifier!r} must have no spaces, commas, <, & or control characters")
        if identifier == message.identifier:
            raise ValueError(f"{identifier} refers to itself; list only earlier messages")
        if local(earlier_at) > issued_at:
            raise ValueError(f"{message.identifier} refers to {identifier}, which was issued after it")
