"""Running claimed jobs: one transaction to claim, one for each job, one for each failure."""

from __future__ import annotations

import logging
from collections.abc import Collection

from sqlalchemy.orm import Session

from engine.context import UnitOfWork
from engine.errors import InstanceNotActive, JobNotFound, JobNotRunnable, LeaseLost
from engine.facade import execute, record_incident
from engine.jobs.claiming import BATCH, Claimed, claim, rescue
from engine.jobs.presence import worker_name

log = logging.getLogger("engine.jobs")


def run_prompt(database: UnitOfWork, rung: Collection[int]) -> int:
    """Run these jobs now in this thread; never raises for a job that fails. Returns how many were done.

    Called by the entry point after a commit that rang for them. Jobs they ring for in turn come back through
    ``database.write``. What is not done here (a crash, a failure, another worker was faster) is in the ledger.
    """
    if not rung:
        return 0
    name = worker_name("prompt")
    try:
        claimed = database.write(lambda session: claim(session, name, ids=rung, limit=len(rung)))
    except Exception:
        log.exception("prompt jobs %s are left to the workers", list(rung))
        return 0
    return sum(run_claimed(database, job) for job in claimed)


def run_due(database: UnitOfWork, worker: str | None = None, *, limit: int = BATCH) -> int:
    """Claim due jobs and run them one by one; returns how many were claimed."""
    name = worker or worker_name("worker")
    claimed = database.write(lambda session: claim(session, name, limit=limit))
    for job in claimed:
        run_claimed(database, job)
    return len(claimed)


def run_until_quiet(database: UnitOfWork, worker: str | None = None, *, rounds: int = 10_000) -> int:
    """Run due jobs until none is due; returns how many ran."""
    total = 0
    for _ in range(rounds):
        ran = run_due(database, worker)
        if not ran:
            break
        total += ran
    return total


def run_claimed(database: UnitOfWork, job: Claimed) -> bool:
    """Run one claimed job; a failure goes to the ledger. Returns whether it was done."""
    command = job.command()
    try:
        database.write(lambda session: execute(session, command))
    except (LeaseLost, JobNotRunnable, JobNotFound, InstanceNotActive) as gone:
        log.info("job %s went on without us: %s", job.id, gone)
        return False
    except Exception as error:
        failure = error
        log.warning("job %s failed: %s", job.id, error, exc_info=True)
    else:
        return True
    database.write(lambda session: record_incident(session, failure, command))
    return False


def rescue_lost(database: UnitOfWork, *, alone: bool = False) -> int:
    """Give the jobs of dead and silent workers back (see :func:`rescue`); returns how many."""

    def work(session: Session) -> int:
        return rescue(session, alone=alone)

    return database.write(work)
