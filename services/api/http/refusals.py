"""Translate the refusals of the library to problem documents."""

from collections.abc import Iterator
from contextlib import contextmanager

from rencheng.domain.errors import ConfirmationRequired, NotPossible
from services.api.http.errors import InvalidParameter, NeedsConfirmation


@contextmanager
def refusals() -> Iterator[None]:
    """Answer a refusal of the block.

    Raises:
        NeedsConfirmation: a dangerous change must be confirmed.
        InvalidParameter: the request cannot be carried out.
    """
    try:
        yield
    except ConfirmationRequired as error:
        raise NeedsConfirmation(f"{error}.", doubts=list(error.doubts)) from None
    except NotPossible as error:
        raise InvalidParameter(f"{error}.") from None
