"""The services' own database roles, so that tests run each service with the privileges that it has in operation."""

import os
from collections.abc import Mapping

from sqlalchemy.engine import make_url

from local_stack.postgres import SERVICE_ROLES, role_password

_URL = "RENCHENG_DATABASE_URL"


def as_role(database_url: str, service: str) -> str:
    """Return the URL for a service's role. A server that is not the tests' own has no such roles."""
    url = make_url(database_url)
    if service not in SERVICE_ROLES or os.environ.get("RENCHENG_DATABASE_URL") == database_url or url.password is None:
        return database_url
    own = url.set(username=f"rencheng_{service}", password=role_password(url.password, service))
    return own.render_as_string(hide_password=False)


def for_module(environment: Mapping[str, str], module: str) -> dict[str, str]:
    """Return an environment in which the module connects as its role."""
    own = dict(environment)
    if _URL in own:
        own[_URL] = as_role(own[_URL], module.removeprefix("services."))
    return own
