"""A site by its name, for the commands that change or show one."""

from typing import Annotated

import typer

from rencheng.domain.errors import NotPossible
from rencheng.domain.site import Site
from rencheng.store.core.database import Connection
from rencheng.store.registry.sites import load_sites

SiteId = Annotated[str, typer.Argument(help="The site's name in topics and messages.")]


def find_site(connection: Connection, site_id: str) -> Site:
    """Return a registered site.

    Raises:
        NotPossible: there is no such site.
    """
    site = load_sites(connection).get(site_id)
    if site is None:
        raise NotPossible(f"there is no site {site_id}; `rencheng site list` shows all sites")
    return site
