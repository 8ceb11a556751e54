"""Every route answers generated requests as the OpenAPI document says, with and without a key, and never with 5xx.

A long run: `make api-fuzz`, or API_FUZZ_EXAMPLES with the number of requests of each route and kind.
"""

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from rencheng.store.access.api_keys import KeyScope
from services.api.app import create_app
from services.api.settings import ApiSettings
from tests.support.api import MakeToken, serving

EXAMPLES = int(os.environ.get("API_FUZZ_EXAMPLES", "4"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
SKIPPED = {"GET /v1/stream", "GET /health"}
"""A stream never ends; health answers 503 here, because nothing else runs."""

_APP = create_app(ApiSettings(database_url="postgresql+psycopg://nobody@127.0.0.1:1/none"))
SCHEMA = schemathesis.openapi.from_dict(_APP.openapi())
OPERATIONS = {
    operation.label: operation
    for operation in (result.ok() for result in SCHEMA.get_all_operations() if isinstance(result, Ok))
    if operation.label not in SKIPPED
}


@schemathesis.serializer("application/pdf")
def as_it_is(_context: object, value: object) -> bytes:
    """The body of a file, which schemathesis knows of pictures only."""
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@pytest.fixture(scope="module")
def quick_address(database_url: str) -> Iterator[str]:
    with serving(database_url) as url:
        yield url


@pytest.fixture(scope="module")
def headers(make_token: MakeToken) -> dict[str, dict[str, str]]:
    return {"with": {"X-API-Key": make_token(*KeyScope)}, "without": {}}


@pytest.mark.parametrize("key", ["with", "without"])
@pytest.mark.parametrize("label", sorted(OPERATIONS))
def test_a_route_answers_as_documented(
    quick_address: str, headers: dict[str, dict[str, str]], label: str, key: str
) -> None:
    operation = OPERATIONS[label]
    strategy = operation.as_strategy(generation_mode=GenerationMode.POSITIVE) | operation.as_strategy(
        generation_mode=GenerationMode.NEGATIVE
    )

    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def check(case: schemathesis.Case[Any]) -> None:
        response = case.call(base_url=quick_address, headers=headers[key], timeout=30)
        case.validate_response(response, checks=CHECKS)
        if key == "without":
            assert response.status_code in {401, 404, 405}

    check()
