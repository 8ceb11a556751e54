"""Clear what the broker retains for devices that are not in service."""

import time

from rencheng.domain.errors import Misconfigured, Rejected
from rencheng.domain.topic import Topic
from rencheng.messaging.mqtt.retained import clear_retained
from rencheng.runtime.logs import get_logger
from rencheng.runtime.settings import BrokerAccounts, BrokerSettings
from rencheng.store.core.database import Engine, translate_errors
from rencheng.store.registry.devices import load_directory

CLEAR_AFTER_S = 6.0
"""How long after a change retained messages are cleared: by then the broker has loaded the accounts, so that a retired
device sends no more."""

CLEAR_EVERY_S = 600.0
"""How often they are cleared without a change, because a device may name any region in its topics."""

log = get_logger("accounts")


def clear_unregistered(engine: Engine, accounts: BrokerAccounts, broker: BrokerSettings) -> list[str]:
    """Clear retained messages that no device in service may have sent, and return their topics."""
    with translate_errors(), engine.connect() as connection:
        directory = load_directory(connection)

    def is_wanted(text: str) -> bool:
        try:
            topic = Topic.parse(text)
        except Rejected:
            return False
        device = directory.get(topic.device_id)
        if device is None or device.retired_at is not None:
            return False
        return (device.region, device.kind) == (topic.region, topic.kind)

    account = ("rencheng-ingest", accounts.mqtt_ingest_password.get_secret_value())
    cleared = clear_retained(broker.mqtt_address, tls=broker.mqtt_tls, account=account, is_wanted=is_wanted)
    if cleared:
        log.info("retained messages cleared", number=len(cleared), topics=cleared[:10])
    return cleared


class RetainedClearing:
    """When to clear: some time after each change of the registry, and regularly.

    Args:
        engine: the database with the registry.
        accounts: the services' passwords.
        after_s: seconds from a change to the clearing.
    """

    def __init__(self, engine: Engine, accounts: BrokerAccounts, *, after_s: float = CLEAR_AFTER_S) -> None:
        self._engine = engine
        self._accounts = accounts
        self._after_s = after_s
        self._due_s = time.monotonic()
        try:
            self._broker: BrokerSettings | None = BrokerSettings.load()
        except Misconfigured:  # RENCHENG_MQTT_URL is not set
            self._broker = None

    def after_change(self) -> None:
        """Clear a little later."""
        self._due_s = time.monotonic() + self._after_s

    def clear_if_due(self) -> None:
        """Clear if it is time."""
        if self._broker is None or time.monotonic() < self._due_s:
            return
        self._due_s = time.monotonic() + CLEAR_EVERY_S
        clear_unregistered(self._engine, self._accounts, self._broker)
