"""The OpenAPI document, the page at /docs, and the headers of all responses."""

import json
import re
from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel

from services.api.app import create_app
from services.api.http.problem import Problem
from services.api.settings import ApiSettings


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return create_app(ApiSettings(database_url="postgresql+psycopg://nobody@127.0.0.1:1/none"))


@pytest.fixture(scope="module")
def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((path, operation) for path, methods in document["paths"].items() for operation in methods.values())


def test_every_example_is_what_its_model_takes(app: FastAPI) -> None:
    answered = [getattr(context, "response_model", None) for context in iter_route_contexts(app.routes)]
    models = {model for answer in answered for model in _models_in(answer)} | {Problem}
    assert len(models) >= 15
    for model in models:
        [example] = _examples(model)
        parsed = model.model_validate_json(json.dumps(example))
        assert set(parsed.model_dump(exclude_unset=True)) == set(example), model.__name__


def _examples(model: type[BaseModel]) -> list[dict[str, Any]]:
    config = model.model_config.get("json_schema_extra")
    assert isinstance(config, dict), f"{model.__name__} has no example"
    return cast("list[dict[str, Any]]", config["examples"])


def _models_in(answer: Any) -> Iterator[type[BaseModel]]:
    if isinstance(answer, type) and issubclass(answer, BaseModel):
        yield answer
    for member in getattr(answer, "__args__", ()):
        yield from _models_in(member)


def test_every_operation_is_described_and_tagged(document: dict[str, Any]) -> None:
    tags = {tag["name"] for tag in document["tags"]}
    for path, operation in _operations(document):
        assert operation["description"], path
        assert re.search(r"[a-z] .*[\u4e00-\u9fff]", operation["summary"]), path
        assert set(operation["tags"]) <= tags, path
        assert re.fullmatch(r"[a-z_]+", operation["operationId"]), path


def test_operation_ids_are_stable(document: dict[str, Any]) -> None:
    assert sorted(operation["operationId"] for _, operation in _operations(document)) == [
        "accept_handover",
        "admit_device",
        "attempt_entry",
        "confirm_second_factor",
        "decide_response",
        "declare_response",
        "delete_contact_method",
        "delete_mute",
        "delete_rain_forecasts",
        "delete_rain_signal",
        "delete_subscriber",
        "disable_contact_method",
        "end_role",
        "end_session",
        "get_call",
        "get_cap",
        "get_city_latest",
        "get_city_latest_geojson",
        "get_command",
        "get_counts",
        "get_device",
        "get_device_history",
        "get_dispatch",
        "get_doubt_cap",
        "get_doubt_feed",
        "get_event_report",
        "get_event_report_page",
        "get_feed",
        "get_health",
        "get_incident",
        "get_kpi_page",
        "get_kpi_table",
        "get_kpis",
        "get_latest",
        "get_me",
        "get_newest_cap",
        "get_photo",
        "get_quarantine_entry",
        "get_risk",
        "get_risk_page",
        "get_risk_table",
        "get_sensorthings_root",
        "get_site",
        "get_site_form",
        "get_site_history",
        "get_status",
        "get_task",
        "get_task_file",
        "get_warning",
        "give_role",
        "import_devices",
        "list_actuators",
        "list_audit",
        "list_call_policies",
        "list_calls",
        "list_commands",
        "list_contact_methods",
        "list_default_plans",
        "list_devices",
        "list_dispatches",
        "list_doubts",
        "list_handovers",
        "list_incidents",
        "list_keys",
        "list_kpi_rows",
        "list_mutes",
        "list_notices",
        "list_own_sessions",
        "list_pending_devices",
        "list_people",
        "list_plans",
        "list_quarantine",
        "list_rain_forecasts",
        "list_rain_signals",
        "list_readings",
        "list_regions",
        "list_responses",
        "list_risks",
        "list_roles",
        "list_roles_of_person",
        "list_rosters",
        "list_sessions",
        "list_site_profiles",
        "list_sites",
        "list_subscribers",
        "list_tasks",
        "list_transactions",
        "list_warnings",
        "make_display",
        "make_key",
        "offer_second_factor",
        "post_answer",
        "post_call_end",
        "post_call_person",
        "post_call_policy_approval",
        "post_check",
        "post_command",
        "post_command_approval",
        "post_command_handled",
        "post_command_refusal",
        "post_command_withdrawal",
        "post_contact_method",
        "post_doubt_answer",
        "post_event_report",
        "post_evidence",
        "post_handover",
        "post_maintenance",
        "post_override",
        "post_photo",
        "post_plan_approval",
        "post_proposal_approval",
        "post_pump",
        "post_rain_forecasts",
        "post_rain_nowcast",
        "post_rain_signal",
        "post_receipt",
        "post_reply",
        "post_silence",
        "post_task_file",
        "post_task_report",
        "post_tides",
        "post_withdrawal",
        "preview_plan",
        "prove_contact_method",
        "put_actuator",
        "put_call_policy",
        "put_device",
        "put_person",
        "put_plan",
        "put_region",
        "put_roster",
        "put_silence",
        "put_site",
        "put_subscriber",
        "read_sensorthings",
        "replace_device",
        "replay_entry",
        "replay_matching",
        "retire_actuator",
        "retire_device",
        "revoke_key",
        "rotate_credentials",
        "rotate_secret",
        "send_dispatch_again",
        "set_own_password",
        "sign_out",
        "stream_warnings",
        "test_contact_method",
    ]


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    def references(node: Any) -> Iterator[str]:
        if isinstance(node, dict):
            yield from [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            yield from (ref for value in node.values() for ref in references(value))
        elif isinstance(node, list):
            yield from (ref for value in node for ref in references(value))

    schemas = document["components"]["schemas"]
    assert {ref.removeprefix("#/components/schemas/") for ref in references(document)} <= set(schemas)
    assert "HTTPValidationError" not in schemas


def test_the_page_for_people_lists_everything_and_loads_nothing(
    anonymous: httpx.Client, document: dict[str, Any]
) -> None:
    answer = anonymous.get("/docs")
    page = answer.text
    ways = [f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods]
    assert [way for way in ways if way not in page] == []
    assert "韧城" in page
    assert "<script" not in page
    assert not re.search(r"""(src|href)=["']?(https?:)?//""", page)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


@pytest.mark.parametrize("path", ["/health", "/docs", "/openapi.json", "/v1/devices", "/nothing", "/v1/sites/a%2Fb"])
def test_every_response_has_the_security_headers(anonymous: httpx.Client, path: str) -> None:
    answer = anonymous.get(path, headers={"Origin": "https://elsewhere.example"})
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "access-control-allow-origin" not in answer.headers
    assert "server" not in answer.headers


def test_what_is_not_there_and_what_cannot_be_done_are_problems(client: httpx.Client) -> None:
    for method, path, status in (
        ("GET", "/nothing", 404),
        ("POST", "/v1/devices", 405),
        ("GET", "/v1/devices/%20", 422),
    ):
        answer = client.request(method, path)
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) >= {"type", "title", "status", "detail"}


def test_an_internal_error_shows_no_details(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("inside")

    monkeypatch.setattr("services.api.routes.counts.health.counts_by_kind", fail)
    answer = client.get("/v1/counts")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "inside" not in answer.text
    assert "Traceback" not in answer.text
