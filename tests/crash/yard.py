"""Clerks and workers that are killed at random moments until all the work is done.

``python -m tests.crash.yard URL FOLDER SEED KIND``: two clerks complete user tasks, two workers run what falls due in
between; one of the four is killed with SIGKILL again and again and starts anew. What a clerk was told is done, it
writes to FOLDER/told. KIND names database and doorbell. Prints how often somebody was killed.
"""

from __future__ import annotations

import faulthandler
import os
import random
import signal
import sys
import time
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session

import engine
from tests.support.doorbells import bell_for
from tests.support.engine_world import World, bpmn, chain, flow, service, timer, user_task, world

KEY = "booking"
SALES = frozenset({"sales"})
LEASE = timedelta(seconds=2)
PATIENCE = 30.0
"""Seconds without any completion after which everybody is asked what they are doing."""
PAUSE = (0.1, 0.5)
"""Seconds between two kills."""
STAFF = ("clerk-1", "clerk-2", "worker-1", "worker-2")
PROCESS = bpmn(
    KEY,
    '<bpmn:startEvent id="begin" />'
    + user_task("first", serviceLevel="10")
    + service("book", "book")
    + timer("pause", "PT0.05S")
    + user_task("second")
    + timer("late", "PT2H", attached="second", interrupting=False)
    + '<bpmn:endEvent id="done" /><bpmn:endEvent id="told" />'
    + chain("begin", "first", "book", "pause", "second", "done")
    + flow("late", "told"),
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
        tasks = list(keliu.ask(engine.queries.tasks, "created", limit=200))
        random.shuffle(tasks)
        for task in tasks[:50]:
            try:
                keliu.do(engine.CompleteTask(task_id=task.id, actor=name, groups=SALES, variables={task.node_id: name}))
            except engine.Conflict:
                continue
            os.write(file, f"{task.id}\n".encode())
        time.sleep(0.01)


def work(keliu: World) -> None:
    """A worker as ``keliu worker`` runs it."""
    worker = engine.jobs.Worker(keliu.database, engine.jobs.worker_name("worker"))
    worker.start()
    while remaining(keliu):
        time.sleep(0.1)
    worker.stop()


def remaining(keliu: World) -> int:
    """Instances that have not ended."""
    instances = engine.tables.process_instance
    query = select(func.count()).select_from(instances).where(instances.c.state == "active")
    return int(keliu.ask(lambda session: session.execute(query).scalar_one()))


def spawn(role: str, url: str, folder: Path, kind: str) -> int:
    """Fork a clerk or worker; returns its process id."""
    pid = os.fork()
    if pid:
        return pid
    random.seed()
    faulthandler.register(signal.SIGUSR1)
    bell = bell_for(kind, url)
    with world(url, clock=engine.SystemClock(), create=False, lease=LEASE, bell=bell) as keliu:
        keliu.handlers.register("book", book)
        if role.startswith("clerk"):
            clerk(keliu, role, folder / "told")
        else:
            work(keliu)
    os._exit(0)


def standing_still(url: str, staff: dict[str, int]) -> None:
    """Say on stderr what everybody is doing, the database included."""
    with world(url, create=False) as keliu:
        jobs = engine.tables.job
        query = select(jobs.c.state, jobs.c.kind, func.count(), func.min(jobs.c.due_at)).group_by(
            jobs.c.state, jobs.c.kind
        )
        print(remaining(keliu), keliu.ask(lambda session: session.execute(query).all()), file=sys.stderr)
        if keliu.database.dialect == "postgresql":
            activity = text("select pid, state, wait_event, xact_start, query from pg_stat_activity where datid > 0")
            print(*keliu.ask(lambda session: session.execute(activity).all()), sep="\n", file=sys.stderr)
    for role, pid in staff.items():
        print(role, file=sys.stderr, flush=True)
        os.kill(pid, signal.SIGUSR1)
        time.sleep(0.5)


def main(url: str, folder: Path, seed: int, kind: str) -> int:
    """Kill until all is done. Exit code 1 when nothing moved any more."""
    chance = random.Random(seed)
    (folder / "told").touch()
    staff = {role: spawn(role, url, folder, kind) for role in STAFF}
    kills, seen, deadline = 0, 0, time.monotonic() + PATIENCE
    while staff and time.monotonic() < deadline:
        time.sleep(chance.uniform(*PAUSE))
        if (told := (folder / "told").stat().st_size) > seen:
            seen, deadline = told, time.monotonic() + PATIENCE
        for role, pid in list(staff.items()):
            if os.waitpid(pid, os.WNOHANG)[0]:
                del staff[role]  # it found nothing left to do
        if len(staff) == len(STAFF):
            role = chance.choice(STAFF)
            os.kill(staff[role], signal.SIGKILL)
            os.waitpid(staff[role], 0)
            kills += 1
            staff[role] = spawn(role, url, folder, kind)
    if staff:
        standing_still(url, staff)
    for pid in staff.values():
        os.kill(pid, signal.SIGKILL)
    print(kills)
    return 1 if staff else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]))
