"""Clerks and workers that are killed at random moments until all the work is done.

``python -m tests.crash.yard URL FOLDER SEED``: two clerks complete user tasks, a worker runs service tasks; one of them
is killed with SIGKILL every few hundred milliseconds and starts again. What a clerk was told is done, it writes to
FOLDER/told.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

import engine
from tests.support.engine_world import World, bpmn, chain, service, user_task, world

KEY = "booking"
SALES = frozenset({"sales"})
LEASE = timedelta(seconds=1)
PATIENCE = 35.0
PROCESS = bpmn(
    KEY,
    '<bpmn:startEvent id="begin" />'
    + user_task("first")
    + service("book", "book")
    + user_task("second")
    + '<bpmn:endEvent id="done" />'
    + chain("begin", "first", "book", "second", "done"),
)


def book(session: Session, call: engine.ServiceCall) -> dict[str, object]:
    """An effect in the database: one row per call that was committed."""
    row = {"at": call.at, "actor": "book", "action": "booked", "instance_id": call.instance_id, "facts": {}}
    session.execute(insert(engine.tables.audit_log).values(row))
    time.sleep(0.002)  # long enough to be killed in
    return {"booked": True}


def clerk(keliu: World, name: str, told: Path) -> None:
    """Complete open tasks in a random order until every instance has ended."""
    file = os.open(told, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    while remaining(keliu):
        tasks = list(keliu.ask(engine.queries.tasks, "created", limit=500))
        random.shuffle(tasks)
        for task in tasks[:20]:
            try:
                keliu.do(engine.CompleteTask(task_id=task.id, actor=name, groups=SALES, variables={task.node_id: name}))
            except engine.Conflict:
                continue
            os.write(file, f"{task.id}\n".encode())
        time.sleep(0.01)


def work(keliu: World, name: str) -> None:
    """A worker: run due jobs, give back those of the dead."""
    while remaining(keliu):
        engine.jobs.rescue_lost(keliu.database)
        if not engine.jobs.run_due(keliu.database, name, limit=3):
            time.sleep(0.02)


def remaining(keliu: World) -> int:
    """Instances that have not ended."""
    instances = engine.tables.process_instance
    query = select(func.count()).select_from(instances).where(instances.c.state == "active")
    return int(keliu.ask(lambda session: session.execute(query).scalar_one()))


def spawn(role: str, url: str, told: Path) -> int:
    """Fork a clerk or worker; returns its process id."""
    pid = os.fork()
    if pid:
        return pid
    random.seed()
    with world(url, clock=engine.SystemClock(), create=False, lease=LEASE) as keliu:
        keliu.handlers.register("book", book)
        name = f"{role}-{os.getpid()}"
        if role.startswith("clerk"):
            clerk(keliu, name, told)
        else:
            work(keliu, name)
    os._exit(0)


def main(url: str, folder: Path, seed: int) -> int:
    """Kill until all is done; prints the number of kills. Exit code 1 when time ran out."""
    chance = random.Random(seed)
    told = folder / "told"
    staff = {role: spawn(role, url, told) for role in ("clerk-1", "clerk-2", "worker-1")}
    deadline = time.monotonic() + PATIENCE
    kills = 0
    while staff and time.monotonic() < deadline:
        time.sleep(chance.uniform(0.05, 0.3))
        for role, pid in list(staff.items()):
            if os.waitpid(pid, os.WNOHANG)[0]:
                del staff[role]  # it found nothing left to do
        if len(staff) == 3:
            role = chance.choice(sorted(staff))
            os.kill(staff[role], signal.SIGKILL)
            os.waitpid(staff[role], 0)
            kills += 1
            staff[role] = spawn(role, url, told)
    for pid in staff.values():
        os.kill(pid, signal.SIGKILL)
    print(kills)
    return 1 if staff else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
