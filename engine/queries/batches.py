"""Batches, how far they are, and what became of each item."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import Session

from engine.errors import BatchNotFound
from engine.model import UNFINISHED_JOBS, BatchState, JobState
from engine.rows import BatchItemRow, BatchRow
from engine.store.tables import batch as bt
from engine.store.tables import job as jb

COLUMNS = [column for column in bt.c if column.name != "request_key"]


def batch(session: Session, batch_id: int) -> BatchRow:
    """One batch with its progress, as it is counted in the ledger now. Raises BatchNotFound."""
    row = session.execute(_counted().where(bt.c.id == batch_id)).first()
    if row is None:
        raise BatchNotFound(batch_id=batch_id)
    return BatchRow(**{**row._mapping, "state": BatchState(row.state)})


def batches(
    session: Session, *, states: Sequence[str] = tuple(BatchState), before: int | None = None, limit: int = 50
) -> tuple[BatchRow, ...]:
    """Batches in these states, the newest first."""
    query = _counted().where(bt.c.state.in_(states)).order_by(bt.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(bt.c.id < before)
    return tuple(BatchRow(**{**row._mapping, "state": BatchState(row.state)}) for row in session.execute(query))


def _counted() -> Select[tuple[object, ...]]:
    """ix_job_batch_id_state"""

    def number(*states: JobState) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((jb.c.state.in_(states), 1), else_=0)), 0)

    return (
        select(
            *COLUMNS,
            number(JobState.COMPLETED).label("done"),
            number(JobState.FAILED).label("failed"),
            number(*UNFINISHED_JOBS).label("remaining"),
        )
        .outerjoin(jb, jb.c.batch_id == bt.c.id)
        .group_by(bt.c.id)
    )


def batch_items(
    session: Session, batch_id: int, *, states: Sequence[str] = (), after: int = 0, limit: int = 100
) -> tuple[BatchItemRow, ...]:
    """The items of a batch in their order; of these states only, if any are named (ix_job_batch_id_state)."""
    query = select(jb).where(jb.c.batch_id == batch_id, jb.c.id > after).order_by(jb.c.id).limit(limit)
    if states:
        query = query.where(jb.c.state.in_(states))
    return tuple(
        BatchItemRow(
            job_id=row.id,
            batch_id=row.batch_id,
            subject=row.payload["subject"],
            state=JobState(row.state),
            attempts=row.attempts,
            outcome=row.payload.get("outcome"),
            instance_id=row.payload.get("instance_id"),
            error=row.last_error,
            ended_at=row.ended_at,
        )
        for row in session.execute(query)
    )
