"""Running claimed jobs: one transaction to claim, one for each job, one for each failure."""

from __future__ import annotations

import itertools
import logging
import threading
import time
from collections.abc import Callable, Collection

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from engine.commands.jobs import work_call
from engine.commands.model import Result, RunJob
from engine.context import UnitOfWork, runtime
from engine.errors import InstanceNotActive, JobNotFound, JobNotRunnable, LeaseLost
from engine.facade import execute, record_incident
from engine.handlers import Work, WorkCall
from engine.jobs.claiming import BATCH, Claimed, claim, claim_outside, give_back, rescue
from engine.jobs.presence import worker_name
from engine.jobs.watching import DEFAULT, Watch
from engine.queries.jobs import job as find_job

log = logging.getLogger("engine.jobs")
GIVE_BACK_TRIES = 300
"""Once a second: after five minutes the lease of what is to be given back has run out."""
BATCH_SECONDS = 2.0
_batches = itertools.count(1)


def run_prompt(database: UnitOfWork, rung: Collection[int]) -> int:
    """Run these jobs now in this thread; never raises, for what rang for them is committed. Returns how many were done.

    Called by the entry point after a commit that rang for them. Jobs they ring for in turn come back through
    ``database.write``. What is not done here (a crash, a failure, another worker was faster) is in the ledger.
    """
    if not rung:
        return 0
    name = f"{worker_name('prompt')}.{next(_batches)}"
    try:
        claimed = database.write(lambda session: claim(session, name, ids=rung, limit=len(rung)))
        return sum(run_claimed(database, job) for job in claimed)
    except Exception:
        log.exception("prompt jobs %s are left to the workers", list(rung))
    threading.Thread(target=_give_back, args=(database, name), name="give-back", daemon=True).start()
    return 0


def _give_back(database: UnitOfWork, name: str) -> None:
    """What runs in this name is anybody's again as soon as the database answers; nobody waits for its lease."""
    for _ in range(GIVE_BACK_TRIES):
        try:
            rescue_lost(database, idle=name)
            return
        except Exception as error:
            log.info("the jobs of %s cannot be given back yet: %s", name, error)
        time.sleep(1)


def run_due(
    database: UnitOfWork,
    worker: str | None = None,
    *,
    limit: int = BATCH,
    stopping: Callable[[], bool] = lambda: False,
    watch: Watch = DEFAULT,
) -> int:
    """Claim due jobs and run them one by one; returns how many were run.

    What has not begun after two seconds, or when the worker is ``stopping``, is given back as if it had never been
    claimed: no job waits behind a slow one while another worker is idle, and no lease runs out before its job begins.
    """
    name = worker or worker_name("worker")
    claimed = database.write(lambda session: claim(session, name, limit=limit))
    enough = time.monotonic() + BATCH_SECONDS
    ran = 0
    while ran < len(claimed) and not stopping() and (ran == 0 or time.monotonic() < enough):
        run_claimed(database, claimed[ran], watch)
        ran += 1
    rest = [job.id for job in claimed[ran:]]
    if rest:
        database.write(lambda session: give_back(session, name, rest))
    return ran


def run_due_outside(database: UnitOfWork, worker: str | None = None, *, watch: Watch = DEFAULT) -> int:
    """Claim one due job with an outside half and run it; returns how many were run."""
    name = worker or worker_name("outside")
    claimed = database.write(lambda session: claim_outside(session, name))
    for job in claimed:
        run_claimed(database, job, watch, before=outside_half)
    return len(claimed)


def outside_half(database: UnitOfWork, job: Claimed) -> RunJob:
    """Do what is done outside of any transaction; the command that writes down what came of it."""
    work, call = database.write(lambda session: _registered(session, job))
    return job.command(work.outside(database, call) if work and work.outside else None)


def _registered(session: Session, job: Claimed) -> tuple[Work | None, WorkCall]:
    row = find_job(session, job.id)
    return runtime(session).handlers.work(str(row.topic)), work_call(session, row)


def run_until_quiet(database: UnitOfWork, worker: str | None = None, *, rounds: int = 10_000) -> int:
    """Run due jobs until none is due; returns how many ran."""
    total = 0
    for _ in range(rounds):
        ran = run_due(database, worker)
        if not ran:
            break
        total += ran
    return total


def run_claimed(
    database: UnitOfWork,
    job: Claimed,
    watch: Watch = DEFAULT,
    *,
    before: Callable[[UnitOfWork, Claimed], RunJob] | None = None,
) -> bool:
    """Run one claimed job; a failure goes to the ledger. Returns whether it was done.

    Raises when the database was lost: no failure of the job, and perhaps it was done. Its worker finds out with
    ``rescue_lost(idle=...)``. What is to be done ``before`` the transaction says which command it runs.
    """
    command, began = job.command(), time.monotonic()

    def work(session: Session) -> Result:
        held.begin(session)
        return execute(session, command)

    try:
        if before is not None:
            command = before(database, job)
        with watch.over(job.id) as held:
            done = database.write(work)
    except (LeaseLost, JobNotRunnable, JobNotFound, InstanceNotActive) as gone:
        log.info("job went on without us: %s", gone, extra={"job_id": job.id, "worker": job.worker})
        return False
    except Exception as error:
        if isinstance(error, DBAPIError) and error.connection_invalidated:
            raise
        failure = error
        log.warning("job failed: %s", error, exc_info=True, extra={"job_id": job.id, "worker": job.worker})
    else:
        took = round((time.monotonic() - began) * 1000, 1)
        log.info("job done", extra={"job_id": job.id, "instance_id": done.instance_id, "milliseconds": took})
        return True
    database.write(lambda session: record_incident(session, failure, command))
    return False


def rescue_lost(database: UnitOfWork, *, alone: bool = False, idle: str | None = None) -> int:
    """Give the jobs of dead and silent workers back (see :func:`rescue`); returns how many."""

    def work(session: Session) -> int:
        return rescue(session, alone=alone, idle=idle)

    return database.write(work)
