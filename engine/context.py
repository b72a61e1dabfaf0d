"""What a command finds around it: clock, calendars, handlers, listeners, bell and limits of this process."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from sqlalchemy.orm import Session

from engine.calendar import WorkingCalendar
from engine.clock import Clock
from engine.events import Listener
from engine.handlers import HandlerRegistry
from engine.limits import Limits

T = TypeVar("T")


class UnitOfWork(Protocol):
    """The entry point's transaction: runs ``work`` in a session, commits, then runs the prompt jobs it rang."""

    def write(self, work: Callable[[Session], T]) -> T:
        """One transaction; the result of ``work`` once it is committed."""
        ...


def never_busy() -> bool:
    """Of a worker that does not say."""
    return False


class Doorbell(Protocol):
    """Wakes workers. A lost or doubled ring changes nothing: the ledger is the truth."""

    def ring(self, session: Session, job_id: int | None, due_at: datetime) -> None:
        """Somebody should look at the ledger at ``due_at``, once the session has committed."""
        ...

    def start(self, wake: Callable[[], None], busy: Callable[[], bool] = ...) -> None:
        """Call ``wake`` whenever there may be due jobs; while all threads here are ``busy``, others may be told."""
        ...

    def alone(self) -> bool:
        """Whether no worker of another machine, past or present, can be at work on this database."""
        ...

    def stop(self) -> None:
        """Wake nobody any more."""
        ...


class SilentBell:
    """A bell that wakes nobody: tests and one-shot commands, which look at the ledger themselves."""

    def ring(self, session: Session, job_id: int | None, due_at: datetime) -> None:
        """Nothing to do."""

    def start(self, wake: Callable[[], None], busy: Callable[[], bool] = never_busy) -> None:
        """Nothing to do."""

    def alone(self) -> bool:
        """It knows nothing."""
        return False

    def stop(self) -> None:
        """Nothing to do."""


StandIn = Callable[[Session, str, str, Collection[str]], str | None]
"""``(session, process key, login, excluded logins)``: who gets a task meant for somebody who is away; None: nobody is
away, or nobody stands in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """One per operating system process; bound to every session as ``session.info["engine"]``."""

    clock: Clock
    calendars: Callable[[Session, str | None], WorkingCalendar]
    """The working calendar of a candidate group (None: of the office)."""
    handlers: HandlerRegistry = field(default_factory=HandlerRegistry)
    listeners: tuple[Listener, ...] = ()
    stand_in: StandIn | None = None
    bell: Doorbell = field(default_factory=SilentBell)
    zone: str = "Asia/Shanghai"
    limits: Limits = field(default_factory=Limits)
    lease: timedelta = timedelta(minutes=5)
    """How long a worker may be silent about a job before another takes it."""


def runtime(session: Session) -> Runtime:
    """The runtime this session was opened with."""
    found = session.info["engine"]
    assert isinstance(found, Runtime)
    return found


def now(session: Session) -> datetime:
    """The engine's present moment: the only clock business code may read."""
    return runtime(session).clock.now()
