"""The stream keeps the order of ids, whichever writer commits first and whichever notification is lost."""

import threading
import time

from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from tests.support.polling import eventually
from tests.support.streams import SITES_BY_ID, new_name, record_messages, record_on, rendered, streaming


def test_of_two_writers_the_one_that_commits_last_is_not_skipped(city: Engine, quick_address: str, token: str) -> None:
    """The first writer gets the lower id and commits last."""
    one, two = new_name(), new_name()
    with streaming(quick_address, token) as stream, city.connect() as slow:
        record_on(slow, rendered(one, 1, Level.BLUE))
        record_messages(city, rendered(two, 1, Level.RED, site=SITES_BY_ID["road"]))
        stream.waits_for_heartbeats()
        assert stream.received == []
        slow.commit()
        stream.receives(f"{one}-1", f"{two}-1")
    assert stream.received[0][0] < stream.received[1][0]


def test_a_writer_whose_transaction_is_older_and_whose_id_is_higher(
    city: Engine, quick_address: str, token: str
) -> None:
    """By the order of transaction numbers, the lower event id would be skipped."""
    one, two = new_name(), new_name()
    with streaming(quick_address, token) as stream, city.connect() as older, city.connect() as younger:
        older.execute(text("SELECT pg_current_xact_id()"))
        record_on(younger, rendered(one, 1, Level.BLUE))
        record_on(older, rendered(two, 1, Level.RED, site=SITES_BY_ID["road"]))
        older.commit()
        stream.waits_for_heartbeats()
        younger.commit()
        stream.receives(f"{one}-1", f"{two}-1")


def test_a_writer_that_rolls_back_holds_nothing_back_for_long(city: Engine, address: str, token: str) -> None:
    one, two = new_name(), new_name()
    with streaming(address, token) as stream, city.connect() as slow:
        record_on(slow, rendered(one, 1, Level.BLUE))
        record_messages(city, rendered(two, 1, Level.RED, site=SITES_BY_ID["road"]))
        slow.rollback()
        stream.receives(f"{two}-1")


def test_a_long_transaction_without_messages_holds_nothing_back(city: Engine, address: str, token: str) -> None:
    name = new_name()
    with streaming(address, token) as stream, city.connect() as other:
        other.execute(text("UPDATE regions SET name_en = name_en"))
        record_messages(city, rendered(name, 1, Level.BLUE))
        stream.receives(f"{name}-1")


def test_many_writers_at_once_and_every_message_once_in_order(city: Engine, address: str, token: str) -> None:
    writers, each = 6, 25
    names = [new_name() for _ in range(writers)]

    def write(name: str) -> None:
        for n in range(1, each + 1):
            with city.connect() as connection:
                record_on(connection, rendered(name, n, Level.BLUE))
                time.sleep(0.002 * (n % 4))
                if n % 5 == 0:  # loses an id, and records the message again
                    connection.rollback()
                    record_on(connection, rendered(name, n, Level.BLUE))
                connection.commit()

    with streaming(address, token) as stream:
        threads = [threading.Thread(target=write, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        eventually(lambda: len(stream.received), writers * each)
    ids = [event_id for event_id, _ in stream.received]
    assert ids == sorted(set(ids))
    for name in names:
        assert [each_ for each_ in stream.names if each_.startswith(name)] == [
            f"{name}-{n}" for n in range(1, each + 1)
        ]


def test_a_lost_notification_delays_a_message_and_loses_none(city: Engine, address: str, token: str) -> None:
    name = new_name()
    with streaming(address, token) as stream:
        with city.begin() as connection:
            connection.execute(text("ALTER TABLE warning_events DISABLE TRIGGER warning_events_notified"))
        try:
            record_messages(city, rendered(name, 1, Level.BLUE))
            stream.receives(f"{name}-1")
        finally:
            with city.begin() as connection:
                connection.execute(text("ALTER TABLE warning_events ENABLE TRIGGER warning_events_notified"))
