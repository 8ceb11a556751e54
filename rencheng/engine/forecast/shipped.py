"""The model that is shipped with the platform, read once from its file beside this one."""

import json
from functools import cache
from importlib.resources import files
from pathlib import Path

from rencheng.domain.errors import NotPossible
from rencheng.engine.forecast.model import Model

NAME = "street.json"


@cache
def street_model() -> Model:
    """Return the model of streets, made by `make model`."""
    return Model.from_json(json.loads(files(__package__).joinpath(NAME).read_text(encoding="utf-8")))


def read_model(path: Path) -> Model:
    """Return a model from a file, made by `rencheng learn`.

    Raises:
        NotPossible: the file cannot be read, or has no model for this engine.
    """
    try:
        return Model.from_json(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise NotPossible(f"{path} cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise NotPossible(f"{path} has no model: {error}") from None
