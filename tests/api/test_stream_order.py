"""Nothing is passed by, whoever commits first, and whatever word is lost."""

import threading
import time

from sqlalchemy import Engine, text

from rencheng.domain.level import Level
from tests.api.streams import BY_NAME, eventually, new_name, said, say, say_on, streaming


def test_of_two_writers_the_one_that_commits_last_is_not_passed_by(city: Engine, address: str, token: str) -> None:
    """The first draws the lower id and commits last."""
    one, two = new_name(), new_name()
    with streaming(address, token) as stream, city.connect() as slow:
        say_on(slow, said(one, 1, Level.BLUE))
        say(city, said(two, 1, Level.RED, site=BY_NAME["road"]))
        time.sleep(1.5)
        assert stream.heard == []
        slow.commit()
        stream.hears(f"{one}-1", f"{two}-1", within_s=1)
    assert stream.heard[0][0] < stream.heard[1][0]


def test_a_writer_whose_transaction_is_older_and_whose_id_is_higher(city: Engine, address: str, token: str) -> None:
    """Numbers of transactions and of events run differently: by the former, the lower id would be passed by."""
    one, two = new_name(), new_name()
    with streaming(address, token) as stream, city.connect() as older, city.connect() as younger:
        older.execute(text("SELECT pg_current_xact_id()"))
        say_on(younger, said(one, 1, Level.BLUE))
        say_on(older, said(two, 1, Level.RED, site=BY_NAME["road"]))
        older.commit()
        time.sleep(1.5)
        younger.commit()
        stream.hears(f"{one}-1", f"{two}-1", within_s=1)


def test_a_writer_that_gives_up_holds_nothing_back_for_long(city: Engine, address: str, token: str) -> None:
    one, two = new_name(), new_name()
    with streaming(address, token) as stream, city.connect() as slow:
        say_on(slow, said(one, 1, Level.BLUE))
        say(city, said(two, 1, Level.RED, site=BY_NAME["road"]))
        slow.rollback()
        stream.hears(f"{two}-1", within_s=1)


def test_a_long_transaction_that_says_nothing_holds_nothing_back(city: Engine, address: str, token: str) -> None:
    name = new_name()
    with streaming(address, token) as stream, city.connect() as other:
        other.execute(text("UPDATE regions SET name_en = name_en"))
        say(city, said(name, 1, Level.BLUE))
        stream.hears(f"{name}-1", within_s=1)


def test_many_writers_at_once_and_every_message_once_in_order(city: Engine, address: str, token: str) -> None:
    writers, each = 6, 25
    names = [new_name() for _ in range(writers)]

    def write(name: str) -> None:
        for n in range(1, each + 1):
            with city.connect() as connection:
                say_on(connection, said(name, n, Level.BLUE))
                time.sleep(0.002 * (n % 4))
                if n % 5 == 0:  # burns an id, and says it again
                    connection.rollback()
                    say_on(connection, said(name, n, Level.BLUE))
                connection.commit()

    with streaming(address, token) as stream:
        threads = [threading.Thread(target=write, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        eventually(lambda: len(stream.heard), writers * each)
    ids = [event_id for event_id, _ in stream.heard]
    assert ids == sorted(set(ids))
    for name in names:
        assert [each_ for each_ in stream.names if each_.startswith(name)] == [
            f"{name}-{n}" for n in range(1, each + 1)
        ]


def test_a_lost_word_of_the_database_delays_and_loses_nothing(city: Engine, address: str, token: str) -> None:
    name = new_name()
    with streaming(address, token) as stream:
        with city.begin() as connection:
            connection.execute(text("ALTER TABLE warning_events DISABLE TRIGGER warning_events_notified"))
        try:
            say(city, said(name, 1, Level.BLUE))
            stream.hears(f"{name}-1", within_s=3)
        finally:
            with city.begin() as connection:
                connection.execute(text("ALTER TABLE warning_events ENABLE TRIGGER warning_events_notified"))
