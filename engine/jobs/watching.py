"""Jobs that hang: after its lease a job loses its transaction, whatever its thread is doing.

A thread cannot be ended from outside. What it holds can be: without its connection nothing it did or does is written,
its locks are free, and others may take the job.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from engine.context import runtime

log = logging.getLogger("engine.jobs")
HELD = "engine.held"
"""In ``session.info``: the job whose transaction it is."""
TICK_SECONDS = 1.0
IDLE_TICKS = 30
"""The watching thread ends when it had nothing to watch for so long."""


@dataclass(eq=False)
class Held:
    """One job that a thread is running."""

    job_id: int
    guard: threading.Lock
    thread: threading.Thread = field(default_factory=threading.current_thread)
    connection: Any = None
    ends_at: float = float("inf")
    """On the monotonic clock: a suspended computer or a corrected clock takes no job away."""

    def begin(self, session: Session) -> None:
        """From here on the transaction has as long as a lease."""
        session.info[HELD] = self
        connection = session.connection().connection.driver_connection
        with self.guard:
            self.connection = connection
            self.ends_at = time.monotonic() + runtime(session).lease.total_seconds()

    def end(self) -> None:
        """The connection goes back to the pool and is somebody else's."""
        with self.guard:
            self.connection, self.ends_at = None, float("inf")


# One listener for all sessions: to register one for each job took a tenth of the time of a timer.
@event.listens_for(Session, "after_commit")
@event.listens_for(Session, "after_rollback")
def _ended(session: Session) -> None:
    held: Held | None = session.info.pop(HELD, None)
    if held is not None:
        held.end()


class Watch:
    """Cuts off jobs that hang. ``on_hang`` is told which thread is lost."""

    def __init__(self, on_hang: Callable[[threading.Thread], None] = lambda thread: None) -> None:
        self._on_hang = on_hang
        self._held: set[Held] = set()
        self._guard = threading.Lock()
        self._watching = False

    @contextmanager
    def over(self, job_id: int) -> Iterator[Held]:
        """Watch this thread during the block."""
        held = Held(job_id, self._guard)
        with self._guard:
            self._held.add(held)
            if not self._watching:
                self._watching = True
                threading.Thread(target=self._watch, name="job-watch", daemon=True).start()
        try:
            yield held
        finally:
            with self._guard:
                self._held.discard(held)

    def cut_all(self) -> None:
        """Nobody's work is written any more."""
        self._cut(float("inf"))

    def _watch(self) -> None:
        idle, pause = 0, TICK_SECONDS
        while True:
            time.sleep(pause)
            for held in self._cut(time.monotonic()):
                log.error("job %s hangs in %s and is taken away", held.job_id, held.thread.name)
                self._on_hang(held.thread)
            with self._guard:
                left = min((held.ends_at for held in self._held), default=float("inf")) - time.monotonic()
                idle = 0 if self._held else idle + 1
                if idle > IDLE_TICKS:
                    self._watching = False
                    return
            pause = min(max(left, 0.01), TICK_SECONDS)

    def _cut(self, now: float) -> list[Held]:
        with self._guard:
            late = [held for held in self._held if held.connection is not None and held.ends_at <= now]
            self._held.difference_update(late)
            for held in late:
                _cut(held)
        return late


def _cut(held: Held) -> None:
    """The database forgets the transaction. The thread finds out when it next wants something of it."""
    connection = held.connection
    try:
        if hasattr(connection, "interrupt"):  # SQLite
            connection.interrupt()
            connection.rollback()
            connection.close()
        elif connection is not None:
            # Closing a connection that another thread uses is not safe; shutting its socket is.
            with socket.socket(fileno=os.dup(connection.fileno())) as line:
                line.shutdown(socket.SHUT_RDWR)
    except Exception as error:
        log.warning("the connection of job %s is gone already: %s", held.job_id, error)


DEFAULT = Watch()
"""Of jobs that run where no worker does: in the thread of a request."""
