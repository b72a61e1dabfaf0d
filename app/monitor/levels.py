"""Service levels: how long the steps of all processes took in a period, and how many kept their deadline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

import engine
from app.monitor import measures
from app.monitor.activities import TASKS, as_drawn
from app.monitor.measures import Completed, Times, Which
from app.monitor.sight import Sight
from app.process_names import process_name, step_name
from app.web.periods import Period


@dataclass(frozen=True, slots=True)
class Step:
    """One step: all its tasks completed in the period, and the times of the latest of them."""

    process_key: str
    node: str
    name: str
    completed: Completed
    times: Times


@dataclass(frozen=True, slots=True)
class Process:
    """The steps of a process that somebody completed."""

    key: str
    name: str
    steps: Sequence[Step]

    @property
    def together(self) -> Completed:
        """All steps. Times of different steps are not mixed."""
        rows = [step.completed for step in self.steps]
        return Completed(
            sum(row.count for row in rows), sum(row.dated for row in rows), sum(row.in_time for row in rows)
        )


def load(session: Session, sees: Sight, period: Period) -> list[Process]:
    """Every process with the steps that were completed in the period, in the order of its newest version."""
    since, before = period.moments()
    found = []
    for row in engine.queries.definitions(session, latest_only=True):
        nodes = [node for node, kind in as_drawn(session, row) if kind in TASKS]
        which = Which(row.key, None, since, before)
        completed = measures.completed(session, sees, which, nodes)
        steps = [
            Step(
                process_key=row.key,
                node=node,
                name=step_name(session, row.id, node),
                completed=completed[node],
                times=measures.times(session, sees, which, node),
            )
            for node in nodes
            if node in completed
        ]
        found.append(Process(row.key, process_name(session, row.id), steps))
    return found
