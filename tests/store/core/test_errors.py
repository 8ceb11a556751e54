import psycopg
import pytest
from sqlalchemy.exc import DBAPIError

from rencheng.domain.errors import StoreUnavailable
from rencheng.store.core.database import translate_errors
from rencheng.store.core.errors import is_unavailable

LATER = {
    "08006": "connection failure",
    "40001": "serialization failure",
    "40P01": "deadlock",
    "53100": "disk full",
    "53300": "too many connections",
    "57014": "query cancelled",
    "57P01": "admin shutdown",
    "57P03": "cannot connect now",
    "58030": "input or output error",
    "25006": "read-only server",
    "55P03": "lock not available",
}
NEVER = {
    "22003": "out of range",
    "22021": "not in the encoding",
    "23514": "check violated",
    "23503": "foreign key violated",
    "42P01": "no such table",
    "42501": "no permission",
    "55000": "wrong state",
    "XX000": "internal error",
}


@pytest.mark.parametrize("sqlstate", LATER)
def test_a_server_error_is_temporary(sqlstate: str) -> None:
    assert is_unavailable(psycopg.errors.lookup(sqlstate)("away")) is True


@pytest.mark.parametrize("sqlstate", NEVER)
def test_an_error_of_a_row_is_permanent(sqlstate: str) -> None:
    assert is_unavailable(psycopg.errors.lookup(sqlstate)("bad row")) is False


def test_a_missing_response_is_temporary_and_a_programming_error_is_not() -> None:
    assert is_unavailable(psycopg.OperationalError("server closed the connection")) is True
    assert is_unavailable(psycopg.InterfaceError("cursor closed")) is True
    assert is_unavailable(psycopg.DataError("NUL")) is False
    assert is_unavailable(psycopg.ProgrammingError("placeholder")) is False
    assert is_unavailable(ValueError("other")) is False


@pytest.mark.parametrize("wrapped", [False, True], ids=["from the driver", "from SQLAlchemy"])
def test_errors_of_sqlalchemy_and_of_the_driver_are_translated(wrapped: bool) -> None:
    lost = psycopg.OperationalError("lost")
    with pytest.raises(StoreUnavailable, match="lost"), translate_errors():
        raise DBAPIError.instance("SELECT", None, lost, psycopg.Error) if wrapped else lost
    with pytest.raises(psycopg.errors.CheckViolation), translate_errors():
        raise psycopg.errors.CheckViolation("row")
