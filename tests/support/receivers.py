"""Those who receive what the house sends: a real HTTP server and a real mail server of this machine."""

from __future__ import annotations

import email
import email.policy
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

TAKEN = (200, {"errcode": 0, "code": 0})


@dataclass
class Post:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def said(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    @property
    def key(self) -> str:
        """Its idempotency key."""
        return self.headers["idempotency-key"]


@dataclass
class HttpReceiver:
    """Keeps what arrives; ``answer`` says what is answered (status, JSON, headers), or ends the process that asks."""

    url: str = ""
    posts: list[Post] = field(default_factory=list)
    answer: Callable[[Post], tuple[Any, ...]] = lambda post: TAKEN
    accepted: Callable[[], None] = lambda: None


@contextmanager
def http_receiver() -> Iterator[HttpReceiver]:
    """A team's robot, at ``url``."""
    receiver = HttpReceiver()

    class Handler(BaseHTTPRequestHandler):
        def setup(self) -> None:
            receiver.accepted()
            super().setup()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            post = Post(self.path, headers, body, time.monotonic())
            receiver.posts.append(post)
            status, said, *more = receiver.answer(post)
            answer = json.dumps(said).encode()
            try:
                self.send_response(status)
                for name, value in (more[0] if more else {}).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            except OSError:
                self.close_connection = True  # who asked is gone

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/robot"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def silent_listener() -> Iterator[str]:
    """The address of a machine that takes the call and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/dead"


@contextmanager
def dripping_listener() -> Iterator[str]:
    """The address of a machine that answers one byte at a time, for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ended = threading.Event()

        def drip() -> None:
            line, _ = listener.accept()
            with line:
                line.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not ended.wait(0.05):
                    try:
                        line.sendall(b".")
                    except OSError:
                        return

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/drip"
        ended.set()
        thread.join(10)


@dataclass
class Mailbox:
    """What the mail server took. ``answer`` may refuse: a line like ``451 busy``, None to take it."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    answer: Callable[[EmailMessage], str | None] = lambda message: None

    @property
    def url(self) -> str:
        """What KELIU_SMTP_URL says."""
        return f"smtp://127.0.0.1:{self.port}"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        """Keep a mail."""
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        message["X-Given-To"] = ", ".join(envelope.rcpt_tos)
        self.mails.append(message)
        return self.answer(message) or "250 taken"


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """A mail server of this machine."""
    mailbox = Mailbox()
    with socket.create_server(("127.0.0.1", 0)) as probe:
        mailbox.port = probe.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=mailbox.port)
    controller.start()
    try:
        yield mailbox
    finally:
        controller.stop()
