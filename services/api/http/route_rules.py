"""What each route requires, known before its handler runs: scopes, query parameters and the size of the body."""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from fastapi import FastAPI
from fastapi.params import Security
from fastapi.routing import RouteContext, iter_route_contexts
from starlette.routing import compile_path

from services.api.http.errors import InvalidParameter

BODY_BYTES_MAX = 256 * 2**10
"""The largest body of a route that sets no limit of its own. A site with 1,000 sensors takes about 100 kB."""

VERSION_PREFIX = "/v1"


@dataclass(frozen=True, slots=True)
class RouteRule:
    """What one route requires.

    Attributes:
        endpoint: the handler, by which requests are counted.
        scopes: the scopes of the key; empty if the route is open.
        parameters: the query parameters, with whether one may be repeated; None if any are accepted.
        body_bytes_max: the largest body.
        is_stream: whether the response never ends by itself.
    """

    endpoint: object
    scopes: tuple[str, ...]
    parameters: Mapping[str, bool] | None
    body_bytes_max: int
    is_stream: bool

    def check_parameters(self, names: Sequence[str]) -> None:
        """Check the names of the parameters.

        Raises:
            InvalidParameter: a name is unknown, or given twice.
        """
        if self.parameters is None:
            return
        seen: set[str] = set()
        for name in names:
            if name not in self.parameters:
                raise _unknown(name, self.parameters)
            if name in seen and not self.parameters[name]:
                raise InvalidParameter(f"The parameter `{name}` is given twice. Give it once.")
            seen.add(name)


class RouteRules:
    """The rules of all routes of an application. Build them after all routes are included."""

    def __init__(self, app: FastAPI) -> None:
        paths = app.openapi()["paths"]
        self._rules: dict[tuple[str, str], list[tuple[re.Pattern[str], RouteRule]]] = defaultdict(list)
        for context in iter_route_contexts(app.routes):
            for method in context.methods or ():
                rule = compile_path(context.path or "")[0], _rule(context, paths, method)
                self._rules[method, _resource(context.path or "")].append(rule)

    def find(self, method: str, path: str) -> RouteRule | None:
        """Return the rule of a request; None if no route answers it."""
        rules = self._rules.get((method, _resource(path)), ())
        return next((rule for pattern, rule in rules if pattern.match(path)), None)


def _resource(path: str) -> str:
    """Return the part of a path by which rules are grouped: no route has a parameter in it."""
    _, first, *rest = (*path.split("/", 3), "")
    return rest[0] if f"/{first}" == VERSION_PREFIX else first


def _rule(context: RouteContext, paths: Mapping[str, Any], method: str) -> RouteRule:
    operation = paths.get(context.path_format or "", {}).get(method.lower())
    dependencies = getattr(context, "dependencies", None) or ()
    own_limit = getattr(context, "max_body_size", None)
    return RouteRule(
        endpoint=context.endpoint,
        scopes=tuple(scope for each in dependencies if isinstance(each, Security) for scope in each.scopes or ()),
        parameters=None if operation is None else dict(_parameters(operation)),
        body_bytes_max=BODY_BYTES_MAX if own_limit is None else own_limit,
        is_stream=operation is not None
        and "text/event-stream" in operation["responses"].get("200", {}).get("content", {}),
    )


def _parameters(operation: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "query":
            choices = (parameter["schema"], *parameter["schema"].get("anyOf", ()))
            yield parameter["name"], any(choice.get("type") == "array" for choice in choices)


def _unknown(name: str, known: Mapping[str, bool]) -> InvalidParameter:
    shown = re.sub(r"[^\x20-\x7e]", "?", name[:100])
    near = get_close_matches(name, known, n=1)
    hint = f" Did you mean `{near[0]}`?" if near else ""
    listed = ", ".join(f"`{each}`" for each in known) or "none"
    return InvalidParameter(
        f"The parameter `{shown}` is unknown here.{hint} Known parameters: {listed}.",
        errors=[{"where": ["query", shown], "why": "unknown parameter"}],
    )
