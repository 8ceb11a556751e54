"""Refused logins are recorded, and do not flood the log."""

from contextlib import suppress

import httpx
from sqlalchemy import Engine, text

from rencheng.store.core.sessions import Database
from services.api.auth.refused_logins import RefusedLogins
from tests.api.test_audit import entries
from tests.support.polling import eventually


def test_refused_logins_are_recorded_by_address_and_key_and_do_not_flood_the_log(
    anonymous: httpx.Client, city: Engine
) -> None:
    def refused() -> list[tuple[str, str, str]]:
        return [entry for entry in entries(city) if entry[1] == "login.refused"]

    for number in range(200):
        with suppress(httpx.HTTPError):
            anonymous.get("/v1/devices", headers={"X-API-Key": f"rck_{number % 50:016x}_wrong"})
    anonymous.get("/v1/devices")  # without a key: no login
    eventually(lambda: len(refused()) >= 20)

    assert len(refused()) <= 21
    assert ("address 127.0.0.1", "login.refused", f"key {1:016x}") in refused()
    assert not [entry for entry in refused() if "wrong" in " ".join(entry)]


def test_further_refusals_are_counted_and_written_together(database_url: str, city: Engine) -> None:
    database = Database(database_url, name="test")
    logins = RefusedLogins(database, period_s=0.2)
    logins.start()
    for _ in range(500):
        logins.count("192.0.2.7", "")
    logins.stop()
    database.close()
    with city.connect() as connection:
        query = "SELECT CAST(detail ->> 'times' AS int) FROM audit WHERE actor = 'address 192.0.2.7'"
        times = list(connection.execute(text(query)).scalars())

    assert sum(times) == 500
    assert len(times) <= 4
