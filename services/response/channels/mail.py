"""Mail by SMTP: one receiver a message, a stable Message-ID, and care for an answer that is lost after the body."""

import asyncio
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage

from rencheng.response.delivery.outbound import OutboundMessage, subject_of, text_of
from rencheng.response.delivery.outcome import Outcome, SendResult

ANSWER_WITHIN_S = 15.0
_TEMPORARY = range(400, 500)


@dataclass(frozen=True, slots=True)
class MailServer:
    """The SMTP server through which mail leaves."""

    host: str
    port: int
    sender: str
    user: str = ""
    password: str = ""
    tls: bool = True
    """Whether STARTTLS is required."""


class MailChannel:
    """Sends mail through one server."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def send(self, message: OutboundMessage) -> SendResult:
        """Send the text."""
        return await asyncio.to_thread(self._send, message)

    def _send(self, message: OutboundMessage) -> SendResult:
        server = self._server
        written = _written(message, server.sender)
        try:
            session = smtplib.SMTP(server.host, server.port, timeout=ANSWER_WITHIN_S)
            try:
                if server.tls:
                    session.starttls(context=ssl.create_default_context())
                session.ehlo_or_helo_if_needed()
                if server.user:
                    session.login(server.user, server.password)
                return _transfer(session, server.sender, message.address, written)
            finally:
                session.close()  # no farewell, whose answer could fail after the message was accepted
        except smtplib.SMTPResponseException as error:
            return _refused(error.smtp_code, "the server refuses the session")
        except (OSError, smtplib.SMTPException) as error:
            return SendResult(Outcome.LATER, detail=f"no session: {type(error).__name__}")


def _transfer(session: smtplib.SMTP, sender: str, receiver: str, written: bytes) -> SendResult:
    for command, address in ((session.mail, sender), (session.rcpt, receiver)):
        code, _ = command(address)
        if code >= _TEMPORARY.start:
            return _refused(code, "the server refuses the address")
    try:
        code, _ = session.data(written)
    except smtplib.SMTPDataError as error:
        return _refused(error.smtp_code, "the server refuses the message")
    except (OSError, smtplib.SMTPException):
        return SendResult(Outcome.DOUBTFUL, detail="no answer after the body")
    return SendResult(Outcome.DELIVERED, code) if code < _TEMPORARY.start else _refused(code, "refused after the body")


def _refused(code: int, detail: str) -> SendResult:
    return SendResult(Outcome.LATER if code in _TEMPORARY else Outcome.NEVER, code, detail=f"{detail}: {code}")


def _written(message: OutboundMessage, sender: str) -> bytes:
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, message.address
    mail["Subject"] = subject_of(message)
    mail["Message-ID"] = f"<{message.message_id}@{sender.rpartition('@')[2]}>"
    mail.set_content(text_of(message))
    return mail.as_bytes()
