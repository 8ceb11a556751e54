"""An API whose streams have short intervals."""

from collections.abc import Iterator

import pytest

from services.api.streaming.options import StreamOptions
from tests.support.api import serving

QUICK = StreamOptions(heartbeat_s=0.1, tick_s=0.05, key_check_s=0.1, poll_s=0.05, settling_poll_s=0.05)


@pytest.fixture(scope="module")
def quick_address(database_url: str) -> Iterator[str]:
    with serving(database_url, QUICK) as url:
        yield url
