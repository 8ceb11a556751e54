"""A slot's notion of how much comes."""

from services.ingest.partitions.worker import RateMeter


def test_the_pace_follows_what_came_in_the_last_tenths_of_a_second() -> None:
    pace = RateMeter(100.0)
    for step in range(1, 101):
        pace.note(10, 100.0 + step / 100)
    storm = pace.per_s
    pace.note(5, 102.0)

    assert 900 < storm < 1200
    assert pace.per_s < 120
