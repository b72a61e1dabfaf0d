"""The unit of work: one session, one commit, run again when somebody else was faster."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

import engine
from app.db.connections import READ, WRITE, in_mode, is_contention, open_engine
from app.errors import Busy

if TYPE_CHECKING:
    from engine import Runtime

T = TypeVar("T")
ATTEMPTS = 3
INCIDENTS = (engine.ExecutionFailed, engine.LimitExceeded, engine.StateUnreadable)
RUNTIME_KEY = "engine"  # where engine.runtime(session) looks
log = structlog.get_logger(__name__)


class Database:
    """The database of one process and the engine's runtime bound to its sessions."""

    def __init__(
        self, url: str, runtime: Runtime | None = None, *, synchronous: str = "FULL", pool_size: int = 10
    ) -> None:
        self.engine = open_engine(url, synchronous=synchronous, pool_size=pool_size)
        self.runtime = runtime
        self._readers = in_mode(self.engine, READ)
        self._writers = in_mode(self.engine, WRITE)
        self._thread = threading.local()

    @property
    def dialect(self) -> str:
        """``"sqlite"`` or ``"postgresql"``."""
        return self.engine.dialect.name

    def reader(self) -> Session:
        """A read-only session; the caller closes it. The database itself refuses writes."""
        return Session(self._readers, info={RUNTIME_KEY: self.runtime}, expire_on_commit=False)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read-only session for the block."""
        with self.reader() as session:
            yield session

    def write(self, work: Callable[[Session], T]) -> T:
        """Run ``work`` in one transaction and commit; afterwards run the jobs that it rang for at once.

        Runs ``work`` again, at most three times in all, when another commit came between; everything it wrote is
        rolled back first. Raises what ``work`` raised last, or :class:`~app.errors.Busy` when the database stayed
        locked. When the engine could not execute, nothing is written but an incident, in a transaction of its own.
        """
        result, rung = self._attempts(work)
        self._run_prompt(rung)
        return result

    def _attempts(self, work: Callable[[Session], T]) -> tuple[T, list[int]]:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._attempt(work)
            except engine.InstanceChanged:
                if attempt == ATTEMPTS:
                    raise
            except DBAPIError as error:
                if not is_contention(error):
                    raise
                if attempt == ATTEMPTS:
                    raise Busy() from error
            except INCIDENTS as error:
                self._record_incident(error)
                raise
            log.info("work_repeated", attempt=attempt)
        raise AssertionError("unreachable")

    def _attempt(self, work: Callable[[Session], T]) -> tuple[T, list[int]]:
        # Leaving the block before the commit rolls back.
        with Session(self._writers, info={RUNTIME_KEY: self.runtime}, expire_on_commit=False) as session:
            result = work(session)
            session.commit()
            return result, list(session.info.get("rung", ()))

    def _record_incident(self, failure: engine.EngineError) -> None:
        """Keep a person's command that the engine could not carry out. A failed job keeps its own account."""
        if not isinstance(failure.command, engine.RunJob):
            self._attempt(lambda session: engine.record_incident(session, failure))

    def _run_prompt(self, rung: list[int]) -> None:
        """Run prompt jobs in this thread. Jobs rung by these jobs join the same queue instead of nesting."""
        if not rung:
            return
        queue: list[int] | None = getattr(self._thread, "queue", None)
        if queue is not None:
            queue.extend(rung)
            return
        self._thread.queue = list(rung)
        try:
            while self._thread.queue:
                batch, self._thread.queue = self._thread.queue, []
                engine.jobs.run_prompt(self, batch)
        finally:
            self._thread.queue = None

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()
