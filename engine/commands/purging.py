"""Batches that ended long ago go, with their items. What the items did stays in the history and in the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from engine.model import BatchState
from engine.store.tables import batch as bt
from engine.store.tables import incident as inc
from engine.store.tables import job as jb

ENDED = (BatchState.COMPLETED.value, BatchState.DELETED.value)


@dataclass(frozen=True, slots=True)
class Purged:
    """Batches and items that went, and whether there may be more of them."""

    batches: int = 0
    items: int = 0
    more: bool = False


def purge_batches(session: Session, before: datetime, at_most: int = 1_000) -> Purged:
    """At most so many items of batches that ended ``before`` are gone, and each batch that has none left.

    The newest batch of all stays, so that no number is given twice. Incidents of the items stay without their job;
    they were closed when the batch ended.
    """
    batches = items = 0
    while items + batches < at_most:
        batch_id = _oldest(session, before)
        if batch_id is None:
            return Purged(batches, items)
        found = _purge_items(session, batch_id, at_most - items - batches)
        if items + batches + found < at_most:
            session.execute(delete(bt).where(bt.c.id == batch_id))
            batches += 1
        items += found
    return Purged(batches, items, more=True)


def _oldest(session: Session, before: datetime) -> int | None:
    """ix_batch_state_created_at: what ended before began before."""
    newest = select(func.max(bt.c.id)).scalar_subquery()
    began = (bt.c.state.in_(ENDED), bt.c.created_at < before)
    query = select(bt.c.id).where(*began, bt.c.ended_at < before, bt.c.id < newest)
    return session.scalar(query.order_by(bt.c.id).limit(1))


def _purge_items(session: Session, batch_id: int, at_most: int) -> int:
    """ix_job_batch_id_state, ix_incident_job_id"""
    items = list(session.scalars(select(jb.c.id).where(jb.c.batch_id == batch_id).limit(at_most)))
    if items:
        session.execute(update(inc).where(inc.c.job_id.in_(items)).values(job_id=None))
        session.execute(delete(jb).where(jb.c.id.in_(items)))
    return len(items)
