"""Answers by MQTT: a thread that takes them, and acknowledges each after it is committed."""

from threading import Event, Thread
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from rencheng.domain.errors import NotPossible, StoreUnavailable
from rencheng.messages.answer_json import RESULT_TOPIC, AnswerDocument, AnswerResultDocument
from rencheng.messaging.mqtt.session import Session
from rencheng.operations.asks import AskSender
from rencheng.operations.calls import answer_call
from rencheng.response.calls.call import AnswerKind
from rencheng.runtime.logs import get_logger
from rencheng.runtime.outage import tolerate_outage
from rencheng.store.calls.answers import GivenAnswer
from rencheng.store.core.database import open_database, translate_errors

log = get_logger("response")

VIA = "mqtt"
"""How an answer came, and who recorded it: the broker does not tell which account published."""

BATCH_MAX = 20
WAIT_S = 0.5
RETRY_S = 1.0


class AnswerReceiver:
    """Takes answers from the broker. While the database is away they wait there.

    Args:
        session: a persistent one, subscribed to the topic of answers.
        database_url: the database.
        asks: sends the messages of calls.
    """

    def __init__(self, session: Session, database_url: str, asks: AskSender) -> None:
        self._session = session
        self._engine = open_database(database_url, name="rencheng-response-answers", connections_max=1)
        self._asks = asks
        self._stop = Event()
        self._thread = Thread(target=self._run, name="answers", daemon=True)

    def __enter__(self) -> Self:
        """Connect, and start the thread."""
        self._session.open()
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Stop after the present answer. What is not acknowledged comes again."""
        self._stop.set()
        self._thread.join()
        self._session.close()
        self._engine.dispose()

    def _run(self) -> None:
        while not self._stop.is_set():
            for message in self._session.take(BATCH_MAX, WAIT_S):
                result = self._take_until_committed(message.message.payload)
                if result is None:
                    return  # stopped: the broker sends it again
                self._session.ack([message.handle])
                self._session.publish_qos0(RESULT_TOPIC, result.model_dump_json().encode())

    def _take_until_committed(self, payload: bytes) -> AnswerResultDocument | None:
        while not self._stop.is_set():
            with tolerate_outage(log, "answers wait at the broker") as attempt:
                result = self._take(payload)
            if attempt.succeeded:
                return result
            self._stop.wait(RETRY_S)
        return None

    def _take(self, payload: bytes) -> AnswerResultDocument:
        name = ""
        try:
            document = AnswerDocument.model_validate_json(payload)
            name = document.id
            with translate_errors(), self._engine.begin() as connection:
                given = GivenAnswer(
                    document.warning_id,
                    document.person_id,
                    AnswerKind(document.kind),
                    document.round,
                    document.ask,
                    VIA,
                    VIA,
                    document.note,
                )
                refusal = answer_call(connection, given, self._asks)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            refusal = f"{'.'.join(str(step) for step in first['loc'])}: {first['msg']}"
        except NotPossible as error:
            refusal = str(error)
        except StoreUnavailable:
            raise
        except Exception as error:  # one answer that cannot be taken stops no other
            log.exception("answer cannot be taken")
            refusal = f"the platform failed: {type(error).__name__}"
        log.info("answer by MQTT", name=name, refusal=refusal)
        return AnswerResultDocument(id=name, taken=not refusal, refusal=refusal)
