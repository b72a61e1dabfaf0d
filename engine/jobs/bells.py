"""Doorbells: who wakes the workers. Rings may be lost or doubled; the sweep finds what they missed."""

from __future__ import annotations

import fcntl
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import event
from sqlalchemy.orm import Session

from engine.clock import SystemClock
from engine.context import never_busy, now

SWEEP_SECONDS = 1
NEXT = "next-due"
RINGS = "bell"


class FileLock:
    """An exclusive lock that the operating system frees when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def acquire(self) -> bool:
        """True while this process holds the lock."""
        if self._file is not None:
            return True
        file = self._path.open("a")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    @property
    def held(self) -> bool:
        """Whether this process has it."""
        return self._file is not None

    def release(self) -> None:
        """Let another process have it."""
        if self._file is not None:
            self._file.close()
            self._file = None


class ApsBell:
    """APScheduler in memory: rings at the next due moment and sweeps every second.

    Business timers are never kept in APScheduler: they are rows of the ledger. With ``lock`` only one process at a
    time rings for a database file; another takes over within a sweep when it is gone.
    """

    def __init__(self, lock: Path | None = None) -> None:
        self._lock = FileLock(lock) if lock is not None else None
        self._scheduler: BackgroundScheduler | None = None
        self._wake: Callable[[], None] = lambda: None
        self._guard = threading.Lock()
        self._next: datetime | None = None

    def ring(self, session: Session, job_id: int | None, due_at: datetime) -> None:
        """Ring at ``due_at`` once the session has committed."""
        rings: list[timedelta] | None = session.info.get(RINGS)
        if rings is None:
            rings = session.info[RINGS] = []
            event.listen(session, "after_commit", self._committed)
            event.listen(session, "after_rollback", _forget)
        rings.append(due_at - now(session))

    def start(self, wake: Callable[[], None], busy: Callable[[], bool] = never_busy) -> None:
        """Wake ``wake`` from now on, ``busy`` or not: there is nobody else."""
        self._wake = wake
        scheduler = BackgroundScheduler(timezone=UTC)
        scheduler.add_job(
            self._sweep, IntervalTrigger(seconds=SWEEP_SECONDS, timezone=UTC), coalesce=True, misfire_grace_time=None
        )
        if self._lock is not None:
            self._lock.acquire()
        scheduler.start()
        self._scheduler = scheduler

    def alone(self) -> bool:
        """Who holds the lock of a database file knows that the file is in use on no other machine."""
        return self._lock is not None and self._lock.held

    def stop(self) -> None:
        """Ring no more; another process may take over."""
        scheduler, self._scheduler = self._scheduler, None
        if scheduler is not None:
            scheduler.pause()  # the scheduler's thread stumbles over what is due while it is shut down
            scheduler.remove_all_jobs()
            scheduler.shutdown(wait=True)
        if self._lock is not None:
            self._lock.release()

    def _committed(self, session: Session) -> None:
        rings = session.info.get(RINGS)
        if rings:
            self._plan(SystemClock().now() + max(min(rings), timedelta()))
            rings.clear()

    def _plan(self, due_at: datetime) -> None:
        """Keep one ring, the earliest; the sweep looks after the others. APScheduler lives in the computer's time."""
        scheduler = self._scheduler
        if scheduler is None:
            return
        with self._guard:
            if self._next is not None and self._next <= due_at:
                return
            self._next = due_at
        trigger = DateTrigger(due_at, timezone=UTC)
        scheduler.add_job(self._at, trigger, id=NEXT, replace_existing=True, misfire_grace_time=None)

    def _at(self) -> None:
        with self._guard:
            self._next = None
        self._sweep()

    def _sweep(self) -> None:
        if self._lock is None or self._lock.acquire():
            self._wake()


def _forget(session: Session) -> None:
    session.info[RINGS].clear()
