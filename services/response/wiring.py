"""Open the response service: connect its parts, and close them again."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from queue import SimpleQueue

from pydantic import SecretStr

from rencheng.domain.device import ACTUAL
from rencheng.domain.errors import Misconfigured
from rencheng.domain.topic import warning_topic
from rencheng.heartbeats import TurnClock
from rencheng.messages.answer_json import ANSWER_TOPIC
from rencheng.messaging.mqtt.client_ids import client_id
from rencheng.messaging.mqtt.command_link import CommandLink
from rencheng.messaging.mqtt.session import Session
from rencheng.operations.asks import AskSender
from rencheng.response.delivery.dispatch import ContactKind
from rencheng.store.core.database import Engine, open_database
from rencheng.store.response.cipher import ContactCipher
from services.response.answer_receiver import AnswerReceiver
from services.response.call_keeper import CallKeeper
from services.response.channels.bots import BotChannel
from services.response.channels.cap_signature import CapSigner
from services.response.channels.channel import Channels, MessageChannel
from services.response.channels.gateway import GatewayChannel, read_gateways
from services.response.channels.http import HttpClient
from services.response.channels.mail import MailChannel
from services.response.channels.mqtt import MqttChannel
from services.response.channels.webhook import WebhookChannel
from services.response.command_keeper import CommandKeeper
from services.response.declaration_keeper import DeclarationKeeper
from services.response.senders import Results, Senders
from services.response.settings import ResponseSettings
from services.response.spare_list import SpareList
from services.response.spare_sender import SpareSender
from services.response.task_keeper import TaskKeeper
from services.response.wakeups import WakeUps

ACCOUNT = "rencheng-response"

WARNINGS = warning_topic("+", "+", ACTUAL)
"""The topics of warnings. Exercises have others."""


@dataclass(slots=True)
class ResponseService:
    """The parts of the service.

    Attributes:
        results: results of attempts; None wakes the main loop.
        spare: sends red while the database is away; None without a broker account.
        lag_s: the age of the oldest due dispatch to an endpoint that does not fail.
    """

    engine: Engine
    cipher: ContactCipher
    senders: Senders
    results: Results
    public_url: str
    turns: TurnClock
    spare: SpareSender | None
    lag_s: float = 0.0


@contextmanager
def open_response(settings: ResponseSettings) -> Iterator[ResponseService]:
    """Connect all parts; close them at the end."""
    cipher = ContactCipher(settings.contact_keys.get_secret_value())
    engine = open_database(settings.database_url, name="rencheng-response")
    results: Results = SimpleQueue()
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        client = HttpClient(settings.networks, allows_http=settings.response_http, ca_file=settings.response_ca_file)
        senders = Senders(Channels(_channels(settings, client, stack)), results, client.close)
        stack.enter_context(senders)
        stack.enter_context(WakeUps(settings.database_url, results))
        stack.enter_context(CallKeeper(settings.database_url, settings.public_url))
        stack.enter_context(TaskKeeper(settings.database_url, settings.public_url))
        stack.enter_context(DeclarationKeeper(settings.database_url, settings.response_rules_file))
        stack.enter_context(CommandKeeper(settings.database_url, _command_link(settings, stack)))
        if (password := settings.mqtt_response_password) is not None:
            answers = _session(settings, "answers", password, [ANSWER_TOPIC], persistent=True)
            asks = AskSender(settings.public_url)
            stack.enter_context(AnswerReceiver(answers, settings.database_url, asks))
        spare = _spare_sender(settings, cipher, senders, stack)
        yield ResponseService(engine, cipher, senders, results, settings.public_url.rstrip("/"), TurnClock(), spare)


def _spare_sender(
    settings: ResponseSettings, cipher: ContactCipher, senders: Senders, stack: ExitStack
) -> SpareSender | None:
    if settings.mqtt_response_password is None:
        return None
    source = _session(settings, "warnings", settings.mqtt_response_password, [WARNINGS])
    stack.enter_context(source)
    contacts = stack.enter_context(SpareList(settings.database_url, cipher))
    return stack.enter_context(SpareSender(source, contacts, senders, settings.public_url.rstrip("/")))


def _channels(settings: ResponseSettings, client: HttpClient, stack: ExitStack) -> dict[ContactKind, MessageChannel]:
    bots = BotChannel(client)
    channels: dict[ContactKind, MessageChannel] = {
        ContactKind.WEBHOOK: WebhookChannel(client, _cap_signer(settings)),
        ContactKind.WECOM_BOT: bots,
        ContactKind.DINGTALK_BOT: bots,
        ContactKind.FEISHU_BOT: bots,
    }
    if settings.mail_server is not None:
        channels[ContactKind.MAIL] = MailChannel(settings.mail_server)
    if settings.response_gateways_file is not None:
        for kind, gateway in read_gateways(settings.response_gateways_file).items():
            channels[ContactKind(kind)] = GatewayChannel(client, gateway)
    if settings.mqtt_response_password is not None:
        session = stack.enter_context(_session(settings, "dispatches", settings.mqtt_response_password, []))
        channels[ContactKind.MQTT] = MqttChannel(session)
    return channels


def _cap_signer(settings: ResponseSettings) -> CapSigner | None:
    key, certificate = settings.response_cap_key_file, settings.response_cap_certificate_file
    if key is None and certificate is None:
        return None
    if key is None or certificate is None:
        raise Misconfigured("set both RENCHENG_RESPONSE_CAP_KEY_FILE and RENCHENG_RESPONSE_CAP_CERTIFICATE_FILE")
    return CapSigner(key, certificate)


def _session(
    settings: ResponseSettings,
    name: str,
    password: SecretStr,
    subscriptions: Sequence[str],
    *,
    persistent: bool = False,
) -> Session:
    """Return a session with the broker; each has a name of its own."""
    secret = password.get_secret_value()
    return Session(
        settings.mqtt_address,
        client_id=client_id(f"{ACCOUNT}-{settings.response_instance}-{name}", secret),
        account=(ACCOUNT, secret),
        subscriptions=subscriptions,
        persistent=persistent,
        tls=settings.mqtt_tls,
        batching=False,
    )


def _command_link(settings: ResponseSettings, stack: ExitStack) -> CommandLink | None:
    if settings.mqtt_response_password is None:
        return None
    password = settings.mqtt_response_password.get_secret_value()
    name = client_id(f"{ACCOUNT}-commands-{settings.response_instance}", password)
    link = CommandLink(settings.mqtt_address, client_id=name, account=(ACCOUNT, password), tls=settings.mqtt_tls)
    return stack.enter_context(link)
