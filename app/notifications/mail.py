"""E-mails: how they look and how they are handed to the mail server."""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import parseaddr
from functools import cache
from urllib.parse import parse_qs, unquote, urlsplit

from jinja2 import Environment, PackageLoader, select_autoescape

from app.notifications.outbound import SECONDS

LONGEST_SUBJECT = 200
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def is_address(text: str) -> bool:
    """Whether this is an e-mail address that a mail server can be given."""
    return len(text) <= 254 and _ADDRESS.fullmatch(text) is not None


class ServerAway(Exception):
    """The mail server takes nothing at the moment, from nobody."""


class MailRefused(Exception):
    """The mail server does not take this e-mail. ``again``: perhaps in a while."""

    def __init__(self, detail: str, *, again: bool) -> None:
        super().__init__(detail)
        self.again = again


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with an e-mail."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Line:
    """One sentence, and the address of the page it is about."""

    text: str
    url: str = ""


def compose(
    sender: str, to: str, subject: str, text: str, html: str, key: str, files: Sequence[Attachment] = ()
) -> EmailMessage:
    """An e-mail in plain text and simple HTML; sent twice it has the same Message-ID and the same key."""
    message = EmailMessage()
    message["From"], message["To"] = _one_line(sender), _one_line(to)
    message["Subject"] = _one_line(subject)[:LONGEST_SUBJECT]
    message["Message-ID"] = f"<{key}@{parseaddr(sender)[1].rpartition('@')[2]}>"
    message["X-Keliu-Key"] = key
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    message.add_alternative(html, subtype="html")
    for file in files:
        main, _, sub = file.media_type.partition("/")
        message.add_attachment(file.content, maintype=main, subtype=sub or "octet-stream", filename=file.name)
    return message


def _one_line(text: str) -> str:
    """Whoever writes a line break into a name adds no header."""
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())


@cache
def _templates() -> Environment:
    loader = PackageLoader("app.notifications", "templates/notifications/mail")
    return Environment(loader=loader, autoescape=select_autoescape(["html"]), trim_blocks=True, lstrip_blocks=True)


def render(template: str, gettext: Callable[[str], str], **values: object) -> str:
    """A template of this folder, in the language of ``gettext``."""
    return _templates().get_template(template).render(_=gettext, **values)


def send(smtp_url: str, message: EmailMessage) -> None:
    """Hand an e-mail over. Raises ServerAway, MailRefused."""
    parts = urlsplit(smtp_url)
    server: list[smtplib.SMTP] = []
    guard = threading.Timer(SECONDS, _hang_up, (server,))  # a timeout of the socket is for one line only
    guard.daemon = True
    guard.start()
    try:
        kind, port = (smtplib.SMTP_SSL, 465) if parts.scheme == "smtps" else (smtplib.SMTP, 587)
        server.append(connection := kind(parts.hostname or "", parts.port or port, timeout=SECONDS))
        _greet(connection, smtp_url)
        connection.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        raise _refused(code, said) from error
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        raise _refused(error.smtp_code, error.smtp_error) from error
    except (smtplib.SMTPException, OSError) as error:
        raise ServerAway(f"{type(error).__name__}: {error}"[:300]) from error
    except UnicodeError as error:
        raise MailRefused(str(error), again=False) from error
    finally:
        guard.cancel()
        for connection in server:
            with suppress(smtplib.SMTPException, OSError):  # what was accepted is accepted, however they part
                connection.quit()


def _greet(connection: smtplib.SMTP, smtp_url: str) -> None:
    parts = urlsplit(smtp_url)
    if parse_qs(parts.query).get("starttls") == ["1"]:
        connection.starttls(context=ssl.create_default_context())
    if parts.username:
        connection.login(unquote(parts.username), unquote(parts.password or ""))


def _refused(code: int, said: bytes | str) -> MailRefused:
    words = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return MailRefused(f"{code} {words}"[:300], again=400 <= code < 500)


def _hang_up(server: list[smtplib.SMTP]) -> None:
    for connection in server:
        line = connection.sock
        if line is not None:
            with suppress(OSError):  # it is closed already
                line.shutdown(socket.SHUT_RDWR)
