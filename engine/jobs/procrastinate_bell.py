"""A doorbell for many machines: Procrastinate, over the PostgreSQL database that holds the ledger.

Needs the extra ``scale``; nobody else imports procrastinate.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import procrastinate
from sqlalchemy import event
from sqlalchemy.orm import Session

from engine.clock import Clock, SystemClock
from engine.context import never_busy, now
from engine.store.tables import OURS

log = logging.getLogger("engine.jobs")

QUEUE = "keliu"
RINGS = "procrastinate"
SWEEP_SECONDS = 10
AHEAD = timedelta(seconds=SWEEP_SECONDS + 2)
"""Rings are kept for what is due so soon; a sweep rings for the rest in time, so that the queue stays short however
many timers sleep: Procrastinate looks through everything that waits whenever it fetches."""
MOST_RINGS = 16
"""Rings of one commit: who comes finds the other jobs too."""
POLL_SECONDS = 0.5
"""How late a ring planned for later may be heard; a ring for now is heard at once (LISTEN)."""
SLOT_SECONDS = 0.05
RECONNECT_SECONDS = 1.0
STOP_SECONDS = 3.0
SILENT_SECONDS = 60
"""A worker of Procrastinate that has sent no heartbeat for so long is gone."""
SWEPT_MOST = 5_000

DUE_SOON = f"SELECT due_at FROM job WHERE {OURS} AND due_at <= %(until)s ORDER BY due_at LIMIT {SWEPT_MOST}"
"""Service tasks are left out: whoever has no handler for them must not be woken for them."""
FORGET = (
    # Rings of dead workers stay "doing" for ever, finished ones are deleted by their worker unless it dies just then,
    # and rings nobody came for in time are repeated by this very sweep.
    f"""DELETE FROM procrastinate_jobs AS ring WHERE queue_name = '{QUEUE}' AND (
        status NOT IN ('todo', 'doing')
        OR (status = 'todo' AND now() - interval '{SILENT_SECONDS} seconds' > coalesce(scheduled_at,
            (SELECT min(at) FROM procrastinate_events WHERE job_id = ring.id)))
        OR (status = 'doing' AND NOT EXISTS (SELECT 1 FROM procrastinate_workers AS worker
            WHERE worker.id = ring.worker_id
            AND worker.last_heartbeat > now() - interval '{SILENT_SECONDS} seconds')))""",
    f"DELETE FROM procrastinate_workers WHERE last_heartbeat < now() - interval '{SILENT_SECONDS} seconds'",
)


class ProcrastinateBell:
    """Rings are written in the transaction that wants them, so a rolled back one rings nobody. Whichever process has a
    free thread hears a ring. Every ten seconds one process looks for due jobs whose ring was lost.

    Never a lock of Procrastinate, never an argument that matters: a ring says "look", the ledger says at what.
    """

    def __init__(self, conninfo: str, clock: Clock | None = None) -> None:
        self._conninfo = conninfo
        self._clock = clock or SystemClock()
        self._deferring = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())
        self._ringing: Any = self._deferring.task(name="keliu.ring", queue=QUEUE)(_nothing)
        self._wake: Callable[[], None] = lambda: None
        self._busy: Callable[[], bool] = never_busy
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._listening: asyncio.Task[None] | None = None
        self._stopping = threading.Event()
        # It tells of every job it starts and ends.
        logging.getLogger("procrastinate").setLevel(logging.WARNING)

    def ring(self, session: Session, job_id: int | None, due_at: datetime) -> None:
        """Ring at ``due_at`` if the session commits; what is due later than the next sweep is left to the sweeps."""
        delay = max(due_at - now(session), timedelta())
        if delay > AHEAD:
            return
        rings: list[timedelta] | None = session.info.get(RINGS)
        if rings is None:
            rings = session.info[RINGS] = []
            event.listen(session, "before_commit", self._defer)
            event.listen(session, "after_rollback", _forget)
        rings.append(delay)

    def start(self, wake: Callable[[], None], busy: Callable[[], bool] = never_busy) -> None:
        """Wake ``wake`` from now on, as long as this process is not ``busy``."""
        self._wake, self._busy = wake, busy
        self._stopping.clear()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._listen()), name="doorbell", daemon=True)
        self._thread.start()

    def alone(self) -> bool:
        """Others may be at work anywhere."""
        return False

    def stop(self) -> None:
        """Wake nobody any more."""
        self._stopping.set()
        thread, self._thread = self._thread, None
        loop, listening = self._loop, self._listening
        if loop is not None and listening is not None and not loop.is_closed():
            loop.call_soon_threadsafe(listening.cancel)
        if thread is not None:
            thread.join(STOP_SECONDS)

    def _defer(self, session: Session) -> None:
        """Before the commit, in its transaction and over its connection."""
        rings: list[timedelta] = session.info[RINGS]
        planned, session.info[RINGS][:] = sorted(rings)[:MOST_RINGS], []
        connection = session.connection().connection.driver_connection if planned else None
        for delay in sorted(set(planned)):
            when, given = _moment(delay)
            self._ringing.configure(connection=connection, schedule_at=when).batch_defer(
                *[given] * planned.count(delay)
            )

    async def _listen(self) -> None:
        """Until told to stop, whatever happens to the database."""
        self._loop = asyncio.get_running_loop()
        while not self._stopping.is_set():
            self._listening = asyncio.create_task(self._work())
            try:
                await self._listening
            except asyncio.CancelledError:
                return
            except Exception as error:
                log.warning("the doorbell hears nothing: %s", error)
            else:
                log.warning("the doorbell ended, it begins again")
            self._wake()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _work(self) -> None:
        app = self._app()
        async with app.open_async():
            self._wake()
            await app.run_worker_async(
                queues=[QUEUE],
                name="keliu",
                concurrency=1,
                install_signal_handlers=False,
                delete_jobs="always",
                fetch_job_polling_interval=POLL_SECONDS,
                shutdown_graceful_timeout=1.0,
            )

    def _app(self) -> procrastinate.App:
        connector = procrastinate.PsycopgConnector(conninfo=self._conninfo, min_size=1, max_size=3, timeout=10)
        app = procrastinate.App(connector=connector)
        app.task(name="keliu.ring", queue=QUEUE)(self._heard)

        async def sweep(timestamp: int) -> None:
            await self._sweep(app)

        periodic: Any = app.periodic(cron=f"* * * * * */{SWEEP_SECONDS}")
        # "queueing lock": one sweep waits at most. Not the lock that puts jobs in order.
        periodic(app.task(name="keliu.sweep", queue=QUEUE, priority=1, queueing_lock="keliu.sweep")(sweep))
        return app

    async def _heard(self, at: float) -> None:
        """Somebody rang. While every thread here has work, the next ring is left to other processes."""
        early = at - SystemClock().now().timestamp()  # the database's clock may be ahead of ours
        if early > 0:
            asyncio.get_running_loop().call_later(early, self._wake)
            return
        self._wake()
        await asyncio.sleep(0)
        while self._busy() and not self._stopping.is_set():
            await asyncio.sleep(SLOT_SECONDS)

    async def _sweep(self, app: procrastinate.App) -> None:
        """Ring for what is due although nobody came, and for what is due before the next sweep. Tidy up."""
        at = self._clock.now()
        found = await app.connector.execute_query_all_async(DUE_SOON, until=at + AHEAD)
        steps = [math.ceil((row["due_at"] - at).total_seconds() / POLL_SECONDS) for row in found]
        due = sum(step <= 0 for step in steps)
        rings = [0] * min(due, MOST_RINGS) + sorted({step for step in steps if step > 0})
        ringing: Any = app.tasks["keliu.ring"]
        for step in rings:
            when, given = _moment(timedelta(seconds=step * POLL_SECONDS))
            await ringing.configure(schedule_at=when).defer_async(**given)
        for statement in FORGET:
            await app.connector.execute_query_async(statement)


def _moment(delay: timedelta) -> tuple[datetime | None, dict[str, float]]:
    """When Procrastinate hands the ring out, and its argument. A ring for now waits for nobody's clock."""
    at = SystemClock().now() + delay
    return (at if delay else None), {"at": at.timestamp() if delay else 0.0}


def _nothing(at: float) -> None:
    """The ringing side only names the task."""


def _forget(session: Session) -> None:
    session.info[RINGS].clear()
