"""The job that lets go, each night, of batches that ended long ago."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

import engine
from app.registries import Registries

WORK = "batches.purge"
NIGHT = timedelta(hours=19)
"""After midnight UTC: three in the morning in Shanghai."""
log = structlog.get_logger("keliu.purging")


def register(registries: Registries, keep: timedelta) -> None:
    """Serve the nightly job, which lets go of what ended longer than ``keep`` ago; of nothing when that is nothing."""

    def purge(session: Session, work: engine.WorkCall) -> None:
        if not keep:
            return
        purged = engine.purge_batches(session, work.at - keep)
        if purged.batches or purged.items:
            log.info("batches_purged", batches=purged.batches, items=purged.items)
        _next(session, work.at if purged.more else _night(work.at))

    registries.handlers.register_work(WORK, purge)
    if keep:
        registries.beginnings.append(begin)


def begin(session: Session) -> None:
    """Batches will be purged from the next night on. Saying so again changes nothing."""
    _next(session, _night(engine.now(session)))


def _next(session: Session, due: datetime) -> None:
    engine.execute(session, engine.AddWork(topic=WORK, due_at=due, dedupe_key=WORK))


def _night(at: datetime) -> datetime:
    tonight = at.replace(hour=0, minute=0, second=0, microsecond=0) + NIGHT
    return tonight if tonight > at else tonight + timedelta(days=1)
