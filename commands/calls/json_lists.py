"""Lists of forms in files: YAML, of which JSON is a part."""

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, TypeAdapter, ValidationError

from commands.files import whole_text
from rencheng.domain.errors import NotPossible
from rencheng.schemas.findings import validation_findings

Form = TypeVar("Form", bound=BaseModel)


def read_forms(form: type[Form], path: Path) -> list[Form]:
    """Return the forms of a file: a list of them in YAML or JSON, or a single one.

    Raises:
        NotPossible: the file is not such a list. The message names each error.
    """
    try:
        found = yaml.safe_load(whole_text(path))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise NotPossible(f"{path} is neither YAML nor JSON: {' '.join(str(error).split())}") from None
    try:
        return TypeAdapter(list[form]).validate_python(found if isinstance(found, list) else [found])  # type: ignore[valid-type]
    except ValidationError as error:
        raise NotPossible("\n".join(validation_findings(error, path.name))) from None
