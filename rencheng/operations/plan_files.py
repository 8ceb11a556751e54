"""Response plans as files that people edit: YAML, of which JSON is a part."""

from collections.abc import Iterable
from functools import lru_cache
from importlib.resources import files
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from rencheng.domain.errors import NotPossible
from rencheng.domain.site import Site
from rencheng.response.tasks.forms import PlanForm
from rencheng.response.tasks.plan import ResponsePlan
from rencheng.schemas.findings import join_findings, validation_findings

_FORMS = TypeAdapter(list[PlanForm])


def plans_of_text(text: str, name: str) -> list[PlanForm]:
    """Return the plans of a file: a list of plans, or a single one.

    Raises:
        NotPossible: the file has no such plans. The message names each fault.
    """
    try:
        found = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise NotPossible(f"{name} is neither YAML nor JSON: {' '.join(str(error).split())}") from None
    try:
        return _FORMS.validate_python(found if isinstance(found, list) else [found])
    except ValidationError as error:
        raise NotPossible(f"{name}: {join_findings(validation_findings(error, 'plan'))}") from None


def text_of_plans(forms: Iterable[PlanForm]) -> str:
    """Return plans as YAML."""
    documents = [_short(form.model_dump(mode="json")) for form in forms]
    return yaml.safe_dump(documents, allow_unicode=True, sort_keys=False, width=120)


def _short(document: dict[str, Any]) -> dict[str, Any]:
    """Return a form without the fields that say nothing."""
    tasks = [
        {name: value for name, value in task.items() if value not in (None, False, [], 0)} for task in document["tasks"]
    ]
    return {name: value for name, value in document.items() if value is not None} | {"tasks": tasks}


def default_text() -> str:
    """Return the file of the default plans."""
    return files("rencheng.response.tasks").joinpath("default_plans.yaml").read_text(encoding="utf-8")


@lru_cache(maxsize=1)
def default_plans() -> tuple[PlanForm, ...]:
    """Return the default plans."""
    return tuple(plans_of_text(default_text(), "default_plans.yaml"))


def default_plan(site: Site) -> ResponsePlan | None:
    """Return the default plan for a site, in whatever region it is."""
    return next((form.to_plan(1) for form in default_plans() if form.site_type is site.site_type), None)
