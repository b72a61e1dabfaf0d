"""A worker: threads that drain the ledger when the bell wakes them."""

from __future__ import annotations

import logging
import threading

from engine.context import Doorbell, UnitOfWork, runtime
from engine.jobs.claiming import BATCH
from engine.jobs.running import rescue_lost, run_due

log = logging.getLogger("engine.jobs")

PATIENCE = 30.0
"""Seconds a thread sleeps when nobody rings."""


class Worker:
    """Runs due jobs of one database until it is stopped. The runtime's bell decides when to look."""

    def __init__(self, database: UnitOfWork, name: str, threads: int = 1, *, bell: Doorbell | None = None) -> None:
        self._database = database
        self._bell = bell or database.write(lambda session: runtime(session).bell)
        self._name = name
        self._stopping = threading.Event()
        self._rung = threading.Condition()
        self._rings = 0
        self._threads = [
            threading.Thread(target=self._loop, args=(f"{name}-{number}",), name=f"{name}-{number}", daemon=True)
            for number in range(1, threads + 1)
        ]

    def start(self) -> None:
        """Begin to look for jobs, first of all for those that fell due while nobody ran."""
        for thread in self._threads:
            thread.start()
        self._bell.start(self.wake)
        self.wake()

    def wake(self) -> None:
        """There may be due jobs."""
        with self._rung:
            self._rings += 1
            self._rung.notify_all()

    def stop(self, timeout: float = 10.0) -> None:
        """Finish the jobs at hand, then stop."""
        self._stopping.set()
        self._bell.stop()
        self.wake()
        for thread in self._threads:
            thread.join(timeout)

    def _loop(self, name: str) -> None:
        heard = 0
        while not self._stopping.is_set():
            with self._rung:
                if self._rings == heard:
                    self._rung.wait(PATIENCE)
                heard = self._rings
            try:
                self._drain(name)
            except Exception:
                # The database is away or busy: nothing is lost, the next ring tries again.
                log.exception("worker %s could not look at the ledger", name)

    def _drain(self, name: str) -> None:
        rescue_lost(self._database, alone=self._bell.alone(), idle=name)
        while not self._stopping.is_set():
            if run_due(self._database, name, limit=BATCH) == 0:
                return
