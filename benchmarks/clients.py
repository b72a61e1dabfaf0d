"""Four clients at once: each on its own instances, then all on the same tasks.

On SQLite they are threads of one process, as in ``keliu serve``; on PostgreSQL processes, as behind several servers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from time import perf_counter

import engine
from app.db import Database
from app.errors import Busy
from benchmarks.candidates import Candidate, Floor, Ours, Plain
from benchmarks.completing import WALKS
from benchmarks.databases import BENCHMARK, Place, url_of
from benchmarks.measured import Address
from benchmarks.processes import Ready, in_processes, in_threads
from benchmarks.recording import Replay
from benchmarks.scale import Scale

CLIENTS = 4
NAME = "clients_4"
STEPS = WALKS["9_steps"]
KINDS = ("ours", "floor", "plain")
Span = tuple[float, float]


@dataclass(slots=True)
class Found:
    """What one client saw: when it began and ended, what became of its attempts."""

    walks: dict[str, Span] = field(default_factory=dict)
    contended: Span = (0.0, 0.0)
    done: int = 0
    conflicts: int = 0
    failures: int = 0


def clients(place: Place, scale: Scale) -> dict[str, float]:
    """Completed tasks per second by four clients; conflicts and failures when all want the same tasks."""
    with place.database(BENCHMARK) as database:
        ours = Ours(database)
        tasks = [ours.start().created[0].id for _ in range(scale.walks * len(STEPS))]
        if place.is_sqlite:
            found = in_threads(CLIENTS, client, database, scale.walks, tasks, ours.record(STEPS))
        else:
            found = in_processes(CLIENTS, _elsewhere, Address.of(place, url_of(database)), scale.walks, tasks)
    figures = {
        f"{NAME}.{kind}_per_second": CLIENTS * scale.walks * len(STEPS) / _seconds([one.walks[kind] for one in found])
        for kind in KINDS
    }
    figures[f"{NAME}.over_floor"] = figures[f"{NAME}.floor_per_second"] / figures[f"{NAME}.ours_per_second"]
    figures[f"{NAME}.plain_over_ours"] = figures[f"{NAME}.ours_per_second"] / figures[f"{NAME}.plain_per_second"]
    done, conflicts = sum(one.done for one in found), sum(one.conflicts for one in found)
    return figures | {
        f"{NAME}.same_tasks.answers_per_second": (done + conflicts) / _seconds([one.contended for one in found]),
        f"{NAME}.same_tasks.done_per_task": done / len(tasks),
        f"{NAME}.same_tasks.conflicts_per_task": conflicts / len(tasks),
        f"{NAME}.same_tasks.failures": sum(one.failures for one in found),
    }


def _seconds(spans: list[Span]) -> float:
    return max(end for _, end in spans) - min(begin for begin, _ in spans)


def client(ready: Ready, database: Database, walks: int, tasks: list[str], replay: Replay) -> Found:
    """One of the clients: first on its own instances, then on the tasks that everybody wants."""
    candidates: dict[str, Candidate] = {
        "ours": Ours(database),
        "floor": Floor(database, replay),
        "plain": Plain(database, replay),
    }
    found = Found()
    for kind in KINDS:
        ready()
        begin = perf_counter()
        for _ in range(walks):
            list(candidates[kind].walk(STEPS))
        found.walks[kind] = (begin, perf_counter())
    ready()
    begin = perf_counter()
    for task in tasks:
        _attempt(Ours(database), task, found)
    found.contended = (begin, perf_counter())
    return found


def _attempt(ours: Ours, task: str, found: Found) -> None:
    try:
        ours.complete(task)
        found.done += 1
    except engine.TaskAlreadyCompleted:
        found.conflicts += 1
    except (engine.EngineError, Busy):
        found.failures += 1


def _elsewhere(ready: Ready, address: Address, walks: int, tasks: list[str]) -> Found:
    """The same in a process, which records for itself; threads would record each other."""
    with address.opened() as database:
        return client(ready, database, walks, tasks, Ours(database).record(STEPS))
