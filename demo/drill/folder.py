"""The folder of a drill: sites, people, policies, plans, devices, and who plays which part."""

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from device_sims.actuators.model import Behaviour
from device_sims.responders.habits import Habit
from rencheng.domain.errors import NotPossible
from rencheng.operations.plan_files import plans_of_text
from rencheng.response.calls.forms import CallPolicyForm, PersonForm, RoleName
from rencheng.response.commands.forms import ActuatorForm
from rencheng.response.tasks.forms import PlanForm
from rencheng.schemas.fields import DistrictCode, Identifier, Text
from rencheng.schemas.findings import join_findings, validation_findings
from rencheng.schemas.site import SiteForm

SHIPPED = Path(__file__).parent / "city"
"""The drill that is shipped."""

_STRICT = ConfigDict(extra="forbid", frozen=True)


class StormForm(BaseModel):
    """The flood that the gauge of a site replays."""

    model_config = _STRICT

    site_id: Identifier
    flood: int = Field(ge=0, description="The number of the recorded flood, in the order of `floods.csv`.")
    starts_min: float = Field(ge=0, description="Minutes after the beginning of the storm.")


class DutyForm(BaseModel):
    """Who is on duty for a role, the first person and the deputies. With a site: for this site alone."""

    model_config = _STRICT

    role: RoleName
    people: Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=5)]
    site_id: Identifier | None = None


class PartForm(BaseModel):
    """How a simulated person gets messages, and answers."""

    model_config = _STRICT

    habit: Habit = Habit.PROMPT
    by: Literal["webhook", "sms"] = "webhook"


class CastForm(BaseModel):
    """The parts of a drill."""

    model_config = _STRICT

    region: DistrictCode = Field(description="The district of the drill, with a code that no real place has.")
    region_zh: Text
    region_en: Text
    storm: Annotated[tuple[StormForm, ...], Field(min_length=1)]
    duty: Annotated[tuple[DutyForm, ...], Field(min_length=1)]
    parts: dict[str, PartForm] = Field(default_factory=dict)
    behaviours: dict[str, Behaviour] = Field(default_factory=dict, description="By device; others obey.")


class DrillForm(BaseModel):
    """Everything that a drill registers."""

    model_config = _STRICT

    cast: CastForm
    sites: tuple[SiteForm, ...] = ()
    people: tuple[PersonForm, ...]
    policies: tuple[CallPolicyForm, ...] = ()
    plans: tuple[PlanForm, ...] = ()
    actuators: tuple[ActuatorForm, ...] = ()


def read_folder(folder: Path) -> DrillForm:
    """Read the folder of a drill.

    Raises:
        NotPossible: a file is missing or has a fault; the message names it.
    """
    return DrillForm(
        cast=_read(folder / "cast.yaml", CastForm),
        sites=_read(folder / "sites.yaml", tuple[SiteForm, ...]),
        people=_read(folder / "people.yaml", tuple[PersonForm, ...]),
        policies=_read(folder / "policies.yaml", tuple[CallPolicyForm, ...]),
        plans=tuple(plans_of_text(_text(folder / "plans.yaml"), "plans.yaml")),
        actuators=_read(folder / "actuators.yaml", tuple[ActuatorForm, ...]),
    )


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise NotPossible(f"{file} cannot be read: {error}; docs/how-to/run-a-drill.md names the files") from None


def _read(file: Path, form: Any) -> Any:  # noqa: ANN401 - any form
    try:
        return TypeAdapter(form).validate_python(yaml.safe_load(_text(file)))
    except yaml.YAMLError as error:
        raise NotPossible(f"{file.name} is not YAML: {' '.join(str(error).split())}") from None
    except ValidationError as error:
        raise NotPossible(f"{file.name}: {join_findings(validation_findings(error, file.stem))}") from None
