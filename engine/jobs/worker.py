"""A worker: threads that drain the ledger when the bell wakes them."""

from __future__ import annotations

import itertools
import logging
import threading
import time

from engine.context import Doorbell, UnitOfWork, runtime
from engine.jobs.claiming import BATCH
from engine.jobs.running import rescue_lost, run_due, run_due_outside
from engine.jobs.watching import Watch

log = logging.getLogger("engine.jobs")

PATIENCE = 10.0
"""Seconds a thread sleeps when nobody rings."""
MOST_LOST = 16
"""Threads that may be lost to jobs that hang; each keeps its memory until the process ends."""


class Worker:
    """Runs due jobs of one database until it is stopped. The runtime's bell decides when to look.

    Work with an outside half has a thread of its own: whatever it waits for, the ``threads`` go on.
    """

    def __init__(self, database: UnitOfWork, name: str, threads: int = 1, *, bell: Doorbell | None = None) -> None:
        self._database = database
        around = database.write(runtime)
        self._bell = bell or around.bell
        self._name = name
        self._stopping = threading.Event()
        self._rung = threading.Condition()
        self._rings = 0
        self._idle = 0
        self._lost: set[threading.Thread] = set()
        self._watch = Watch(self._replace)
        self._numbers = itertools.count(1)
        self._outside: set[threading.Thread] = set()
        self._threads = [self._thread() for _ in range(threads)]
        if around.handlers.any_outside:
            self._threads.append(self._thread(outside=True))

    def start(self) -> None:
        """Begin to look for jobs, first of all for those that fell due while nobody ran."""
        for thread in self._threads:
            thread.start()
        self._bell.start(self.wake, self.busy)
        self.wake()

    def wake(self) -> None:
        """There may be due jobs."""
        with self._rung:
            self._rings += 1
            self._rung.notify_all()

    def busy(self) -> bool:
        """Every thread has a job at hand."""
        return self._idle == 0

    def stop(self, timeout: float = 10.0) -> None:
        """Finish the jobs at hand, then stop. What is not finished in time is rolled back and given to others."""
        self._stopping.set()
        deadline = time.monotonic() + timeout
        self._bell.stop()
        self.wake()
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0.0))
        unfinished = [thread.name for thread in self._threads if thread.is_alive()]
        if unfinished:
            self._watch.cut_all()
        for name in unfinished:
            log.warning("worker %s has not finished; its job goes to another", name)
            try:
                rescue_lost(self._database, idle=name)
            except Exception:
                log.exception("the job of %s waits for its lease", name)

    def _thread(self, *, outside: bool = False) -> threading.Thread:
        name = f"{self._name}-{next(self._numbers)}"
        thread = threading.Thread(target=self._loop, args=(name, outside), name=name, daemon=True)
        if outside:
            self._outside.add(thread)
        return thread

    def _replace(self, hung: threading.Thread) -> None:
        """Somebody else does the work of a thread whose job hangs."""
        self._lost.add(hung)
        if self._stopping.is_set() or hung not in self._threads:
            return
        if len(self._lost) > MOST_LOST:
            log.critical("%s threads hang; restart this worker", len(self._lost))
            return
        fresh = self._thread(outside=hung in self._outside)
        self._threads[self._threads.index(hung)] = fresh
        fresh.start()
        self.wake()

    def _loop(self, name: str, outside: bool) -> None:
        heard = 0
        while not self._stopping.is_set() and threading.current_thread() not in self._lost:
            heard = self._wait(heard, counts=not outside)
            try:
                self._drain(name, outside)
            except Exception:
                # The database is away or busy: nothing is lost, the next ring tries again.
                log.exception("worker %s could not look at the ledger", name)

    def _wait(self, heard: int, *, counts: bool) -> int:
        with self._rung:
            if self._rings == heard:
                self._idle += counts
                self._rung.wait(PATIENCE)
                self._idle -= counts
            return self._rings

    def _drain(self, name: str, outside: bool) -> None:
        rescue_lost(self._database, alone=self._bell.alone(), idle=name)
        for hung in list(self._lost):
            rescue_lost(self._database, idle=hung.name)
        while outside and not self._over():
            if run_due_outside(self._database, name, watch=self._watch) == 0:
                return
        while not self._over():
            if run_due(self._database, name, limit=BATCH, stopping=self._over, watch=self._watch) == 0:
                return

    def _over(self) -> bool:
        return self._stopping.is_set() or threading.current_thread() in self._lost
