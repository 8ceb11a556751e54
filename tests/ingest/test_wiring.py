"""How settings reach the parts, without servers."""

import pytest

from rencheng.messaging.mqtt.batching_client import BatchingClient
from rencheng.messaging.mqtt.plain_client import PlainClient
from services.ingest.settings import IngestSettings
from services.ingest.wiring import make_session

ENVIRONMENT = {
    "RENCHENG_DATABASE_URL": "postgresql+psycopg://user:password@127.0.0.1:1/none",
    "RENCHENG_MQTT_URL": "mqtt://127.0.0.1:1",
    "RENCHENG_MQTT_INGEST_PASSWORD": "password",
}


@pytest.mark.parametrize(("value", "client"), [("true", BatchingClient), ("false", PlainClient)])
def test_the_setting_chooses_the_mqtt_client(monkeypatch: pytest.MonkeyPatch, value: str, client: type) -> None:
    for name, text in (ENVIRONMENT | {"RENCHENG_MQTT_BATCHING": value}).items():
        monkeypatch.setenv(name, text)

    assert type(make_session(IngestSettings.load())._client) is client
