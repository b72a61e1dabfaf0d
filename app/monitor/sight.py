"""Which tasks and instances the figures of the control room count for a person.

Who may repair instances, or supervises the whole company, counts them all. Everybody else counts the tasks of the own
departments: those that people of them have or have completed, and those that wait for their groups; with nothing to
supervise, the own tasks. Lists show the same rows as figures count, for both ask here.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, literal_column, or_, true
from sqlalchemy.orm import Session

from app.security import Principal, scope
from app.visibility import sees_every_instance
from engine import tables
from engine.tables import incident, process_instance, user_task, user_task_candidate

SUPERVISES = "task.reassign"
EXPORTS = "monitor.export"
"""Who may take lists of the control room home as files."""

IS_OPEN = tables.IS_OPEN
"""Condition on ``user_task``: somebody may still work on it (ix_user_task_open_step)."""
IS_COMPLETED: ColumnElement[bool] = tables.common(user_task.c.state == literal_column("'completed'"))
"""Condition on ``user_task``: somebody did it (ix_user_task_completed_step)."""
IS_TROUBLE: ColumnElement[bool] = tables.common(incident.c.state == literal_column("'open'"))
"""Condition on ``incident``: nobody has resolved it (ix_incident_open_cause)."""
IS_RUNNING = process_instance.c.state.in_(("active", "suspended"))
"""Condition on ``process_instance``: it has not ended."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What one person counts. ``everything``: all instances; else tasks of ``people`` (logins) and ``groups``."""

    everything: bool
    people: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @classmethod
    def of(cls, session: Session, principal: Principal) -> Sight:
        """What ``principal`` counts. Logins and groups are read once: lists of them keep every plan simple."""
        if sees_every_instance(principal):
            return cls(True)
        if not principal.has(SUPERVISES):
            return cls(False, (principal.login,), tuple(sorted(principal.groups)))
        people = tuple(str(row[0]) for row in session.execute(scope.people_in_subtree(principal)))
        groups = tuple(str(row[0]) for row in session.execute(scope.groups_in_subtree(principal)))
        return cls(False, people, groups)

    def has_open(self) -> ColumnElement[bool]:
        """Condition on open ``user_task`` rows."""
        if self.everything:
            return true()
        offer = user_task_candidate.c
        name = offer.name + ""  # no index fits a computed column: SQLite reads the few offers of the task
        offered = exists().where(offer.task_id == user_task.c.id, offer.kind == "group", name.in_(self.groups))
        holder = user_task.c.assignee + ""
        return or_(holder.in_(self.people), and_(holder.is_(None), offered))

    def completed_by(self) -> ColumnElement[bool]:
        """Condition on completed ``user_task`` rows."""
        return true() if self.everything else (user_task.c.ended_by + "").in_(self.people)

    def troubled(self) -> ColumnElement[bool]:
        """Condition on ``incident`` rows: of instances in which people of the person have or had a task."""
        if self.everything:
            return true()
        theirs = or_(user_task.c.assignee.in_(self.people), user_task.c.ended_by.in_(self.people))
        return exists().where(user_task.c.instance_id == incident.c.instance_id, theirs)
