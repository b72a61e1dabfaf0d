"""Serving: waitress in the foreground, workers beside it, and an end in which no request is lost."""

from __future__ import annotations

import errno
import gc
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import structlog
from flask import Flask
from waitress import create_server
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer
from waitress.task import ThreadedTaskDispatcher

import engine
from app.db import Database

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from config import Settings

DRAIN_SECONDS = 10.0
LISTEN_SECONDS = 0.5
TICK_SECONDS = 0.1
WORKER_THREADS = 2
WAITING_PER_THREAD = 16
CONNECTIONS = 1000
"""Open at once; who comes then waits in the system's queue."""
RETRY_SECONDS = "2"
OVERLOADED = "现在访问的人太多，请稍后再试。 Too many requests at the moment; try again shortly.\n".encode()
MIB = 1024 * 1024
STOPPING = "keliu.stopping"
log = structlog.get_logger(__name__)


class PortInUse(Exception):
    """Something else listens there already."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"{host}:{port}")
        self.host, self.port = host, port


def shedding(app: WSGIApplication, waiting: Callable[[], int], most: int) -> WSGIApplication:
    """``app``, but while more than ``most`` requests wait for a thread the one whose turn it is is sent away at once:
    503 with Retry-After. So nobody waits for more than ``most`` others. ``/healthz`` is always answered."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if waiting() <= most or environ.get("PATH_INFO") == "/healthz":
            return app(environ, start_response)
        kind = ("Content-Type", "text/plain; charset=utf-8")
        start_response("503 Service Unavailable", [("Retry-After", RETRY_SECONDS), kind])
        return [OVERLOADED]

    return answer


class Server:
    """Waitress with a drain: after ``stop`` it accepts nobody new and answers everybody it has accepted."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._sockets: dict[int, Any] = {}
        self._dispatcher = ThreadedTaskDispatcher()
        self._dispatcher.set_thread_count(settings.threads)
        self._stopping = False
        self._told = app.extensions[STOPPING] = threading.Event()
        try:
            self._server = create_server(
                shedding(app.wsgi_app, lambda: len(self._dispatcher.queue), WAITING_PER_THREAD * settings.threads),
                connection_limit=CONNECTIONS,
                map=self._sockets,
                _dispatcher=self._dispatcher,
                host=settings.host,
                port=settings.port,
                threads=settings.threads,
                ident=None,
                # Flask refuses large bodies with a page of ours; waitress only stops what is absurd.
                max_request_body_size=4 * settings.max_upload_mb * MIB,
                clear_untrusted_proxy_headers=settings.trusted_proxies == 0,
            )
        except OSError as error:
            self._dispatcher.shutdown(timeout=1)
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(settings.host, settings.port) from error
            raise

    @property
    def port(self) -> int:
        """Where it listens: the chosen port, or the one the system gave for port 0."""
        listener = next(item for item in self._sockets.values() if isinstance(item, BaseWSGIServer))
        return int(listener.getsockname()[1])

    def stop(self) -> None:
        """Begin to end; ``run`` returns when everybody has been answered, ten seconds later at most. Requests that
        wait for something to happen are told to stop waiting."""
        self._stopping = True
        self._told.set()

    def run(self) -> None:
        """Serve until ``stop``."""
        poll = self._loop()
        while not self._stopping:
            poll()
        for listener in [item for item in self._sockets.values() if isinstance(item, BaseWSGIServer)]:
            # Who has reached the system's queue has been accepted in the eyes of the browser.
            while select.select([listener.socket], [], [], 0)[0]:
                listener.handle_accept()
            listener.accepting = False
            listener.close()
        began = time.monotonic()
        deadline = began + DRAIN_SECONDS
        # A browser that has just been accepted may not have said yet what it wants.
        while time.monotonic() < began + LISTEN_SECONDS or (self._busy() and time.monotonic() < deadline):
            poll()
        self._dispatcher.shutdown(timeout=max(deadline - time.monotonic(), 0.1))
        for channel in list(self._sockets.values()):
            channel.close()

    def _loop(self) -> Callable[[], None]:
        asyncore = next(item for item in self._sockets.values() if isinstance(item, BaseWSGIServer)).asyncore

        def poll() -> None:
            asyncore.loop(timeout=TICK_SECONDS, map=self._sockets, use_poll=True, count=1)

        return poll

    def _busy(self) -> bool:
        channels = [item for item in self._sockets.values() if isinstance(item, HTTPChannel)]
        return any(channel.requests or channel.total_outbufs_len for channel in channels)


def tell_on_sigterm(app: Flask) -> None:
    """For servers of others: requests that wait for something to happen stop waiting when the process is told to end.
    Whoever handles the signal already does so afterwards."""
    told: threading.Event = app.extensions.setdefault(STOPPING, threading.Event())
    if threading.current_thread() is not threading.main_thread():
        return
    previous = signal.getsignal(signal.SIGTERM)

    def asked(number: int, frame: Any) -> None:
        told.set()
        if callable(previous):
            previous(number, frame)
        elif previous != signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    signal.signal(signal.SIGTERM, asked)


def require_free_port(settings: Settings) -> None:
    """Raise PortInUse now, before minutes of loading."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PortInUse(settings.host, settings.port) from error
            raise


def keep_loaded() -> None:
    """What is there now is kept until the process ends. To look through all of it for garbage now and then made
    somebody's request wait for 0.15 s longer."""
    gc.collect()
    gc.freeze()


@contextmanager
def working(app: Flask, threads: int) -> Iterator[None]:
    """A worker for the block (none for 0 threads); at its end the jobs at hand are finished."""
    if not threads:
        yield
        return
    database: Database = app.extensions["keliu.database"]
    for begin in app.extensions["keliu.registries"].beginnings:
        database.write(begin)
    worker = engine.jobs.Worker(database, engine.jobs.worker_name("worker"), threads)
    worker.start()
    try:
        yield
    finally:
        worker.stop(DRAIN_SECONDS)


@contextmanager
def until_signalled(stop: Callable[[], None]) -> Iterator[None]:
    """Call ``stop`` on SIGTERM and SIGINT during the block."""

    def asked(number: int, _frame: Any) -> None:
        log.info("stopping", signal=signal.Signals(number).name)
        stop()

    previous = {number: signal.signal(number, asked) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
