"""Processor time of one request, of the server and of its database: on a machine that others use too it says more than
the clock on the wall."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time

import psutil  # type: ignore[import-untyped]  # publishes no types

from app.db import Database

OURS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'"


@dataclass(frozen=True, slots=True)
class Taken:
    """Milliseconds."""

    wall: float
    cpu: float


class Meter:
    """Measures what this process and, of PostgreSQL, the processes behind our connections take. SQLite runs inside of
    this process."""

    def __init__(self, database: Database) -> None:
        self._backends: list[int] = []
        if database.dialect == "postgresql":
            with database.engine.connect() as connection:
                self._backends = [int(pid) for pid in connection.exec_driver_sql(OURS).scalars()]

    def taken(self, work: Callable[[], object]) -> Taken:
        """What ``work`` takes."""
        wall, cpu = perf_counter(), self._seconds()
        work()
        return Taken((perf_counter() - wall) * 1_000, (self._seconds() - cpu) * 1_000)

    def _seconds(self) -> float:
        return process_time() + sum(map(_of_process, self._backends))


def _of_process(pid: int) -> float:
    """Seconds on a processor so far. Linux counts nanoseconds; elsewhere it is as exact as the system's clock ticks."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0]) / 1e9
    except (OSError, ValueError, IndexError):
        times = psutil.Process(pid).cpu_times()
        return float(times.user + times.system)
