from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.mqtt_listener import Listener, listening

if TYPE_CHECKING:
    from tests.conftest import Broker


@pytest.fixture
def listener(broker: "Broker") -> Iterator[Listener]:
    user, password = broker.account("operator")
    with listening(user=user, password=password, address=broker.address) as listener:
        yield listener
