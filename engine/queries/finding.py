"""Ids of instances that stand somewhere, are late, or have a variable: subqueries for ``.in_()``, each read from an
index of its own. A partial index is used only when the query repeats its condition in the same words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, CompoundSelect, Select, literal_column, or_, select, text, union_all
from sqlalchemy.orm import Session

from engine.model import UNFINISHED_JOBS
from engine.store.hints import IS_OPEN, asked_each, common, words
from engine.store.search_tables import IS_NUMBER
from engine.store.search_tables import instance_variable as iv
from engine.store.tables import incident as inc
from engine.store.tables import job as jb
from engine.store.tables import process_definition as pd
from engine.store.tables import process_instance as pi
from engine.store.tables import subscription as sub
from engine.store.tables import user_task as ut

MOST_VALUES = 20_000
"""So many rows are looked at for the values that occur."""


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A deployed version, without what is drawn in it."""

    id: str
    key: str
    version: int
    search_variables: tuple[str, ...]


def versions(session: Session) -> tuple[VersionRow, ...]:
    """All versions of all processes by key, the newest first (uq_process_definition_key_version)."""
    query = select(pd.c.id, pd.c.key, pd.c.version, pd.c.search_variables).order_by(pd.c.key, pd.c.version.desc())
    return tuple(
        VersionRow(row.id, row.key, row.version, tuple(row.search_variables)) for row in session.execute(query)
    )


def standing_at(process_key: str, node_id: str) -> CompoundSelect[str]:
    """Instances with a token there: an open task, or a timer, service task, message or signal that is waited for
    (ix_user_task_open_step, ix_job_node_id_unfinished, ix_subscription_node_id_instance_id)."""
    tasks = select(ut.c.instance_id).where(ut.c.node_id == node_id, ut.c.definition_key == process_key, IS_OPEN)
    waiting = literal_column("kind").in_([literal_column("'timer'"), literal_column("'service_task'")])
    unfinished = common(words(jb.c.state, *UNFINISHED_JOBS))
    jobs = select(jb.c.instance_id).where(jb.c.node_id == node_id, unfinished, waiting)
    return union_all(tasks, jobs, select(sub.c.instance_id).where(sub.c.node_id == node_id))


def stands_at(process_key: str, node_id: str) -> ColumnElement[bool]:
    """The same of one instance, condition on ``process_instance`` (ix_user_task_instance_id, ix_job_instance_id_state,
    ix_subscription_instance_id)."""
    # No index fits a computed column: SQLite looks at the few rows of the instance.
    task = (ut.c.node_id + "" == node_id, ut.c.definition_key + "" == process_key, IS_OPEN)
    waiting = (jb.c.node_id + "" == node_id, jb.c.state.in_(UNFINISHED_JOBS), jb.c.kind.in_(("timer", "service_task")))
    found = ((ut, task), (jb, waiting), (sub, (sub.c.node_id + "" == node_id,)))
    mine = (select(of.c.instance_id).where(of.c.instance_id == pi.c.id, *some).correlate(pi) for of, some in found)
    return or_(*map(asked_each, mine))


def overdue(at: datetime) -> Select[str]:
    """Instances one of whose open tasks was due before ``at`` (ix_user_task_open_step)."""
    return select(ut.c.instance_id).where(common(ut.c.due_at < at), IS_OPEN)


def is_overdue(at: datetime) -> ColumnElement[bool]:
    """The same of one instance, condition on ``process_instance`` (ix_user_task_instance_id)."""
    late = select(ut.c.instance_id).where(ut.c.instance_id == pi.c.id, ut.c.due_at < at, IS_OPEN)
    return asked_each(late.correlate(pi))


def troubled() -> Select[str | None]:
    """Instances with an open incident (ix_incident_state_created_at)."""
    return select(inc.c.instance_id).where(text("state = 'open'"), inc.c.instance_id.is_not(None))


def started_by(logins: Select[str] | Collection[str]) -> Select[str]:
    """Instances one of these people started (ix_process_instance_started_by_started_at)."""
    return select(pi.c.id).where(pi.c.started_by.in_(logins))


def keyed(beginning: str) -> Select[str]:
    """Instances whose business key begins like this, in the same or in capital letters
    (ix_process_instance_business_key)."""
    return select(pi.c.id).where(is_keyed(beginning))


def is_keyed(beginning: str) -> ColumnElement[bool]:
    """The same of one instance, condition on ``process_instance``."""
    wanted = dict.fromkeys((beginning, beginning.upper()))
    ranges = [_beginning(text) for text in wanted]
    found = ranges[0]
    for one in ranges[1:]:
        found = found | one
    return found


def _beginning(text: str) -> ColumnElement[bool]:
    column = pi.c.business_key
    last = chr(min(ord(text[-1]) + 1, 0x10FFFF))
    return (column == text) | ((column >= text) & (column < text[:-1] + last))


def with_text(name: str, values: Sequence[str]) -> Select[str]:
    """Instances whose search variable has one of these texts (ix_instance_variable_name_text_instance_id)."""
    return select(iv.c.instance_id).where(iv.c.name == name, iv.c.text.in_(values))


def with_text_between(name: str, least: str | None, most: str | None) -> Select[str]:
    """Instances whose search variable is a text between these, both included: days, as they are written in JSON
    (ix_instance_variable_name_text_instance_id)."""
    found = select(iv.c.instance_id).where(iv.c.name == name)
    if least is not None:
        found = found.where(iv.c.text >= least)
    return found if most is None else found.where(iv.c.text <= most)


def with_number_between(name: str, least: float | None, most: float | None) -> Select[str]:
    """Instances whose search variable is a number between these, both included
    (ix_instance_variable_name_number_instance_id)."""
    found = select(iv.c.instance_id).where(iv.c.name == name, text(IS_NUMBER))
    if least is not None:
        found = found.where(iv.c.number >= least)
    return found if most is None else found.where(iv.c.number <= most)


def texts_of(session: Session, name: str, most: int) -> list[str]:
    """Values of a search variable that occur, in order (ix_instance_variable_name_text_instance_id)."""
    some = select(iv.c.text).where(iv.c.name == name).limit(MOST_VALUES).subquery()
    return list(session.scalars(select(some.c.text).distinct().order_by(some.c.text).limit(most)))


def has_numbers(session: Session, name: str) -> bool:
    """Whether a search variable was ever a number (ix_instance_variable_name_number_instance_id)."""
    found = select(iv.c.name).where(iv.c.name == name, text(IS_NUMBER)).limit(1)
    return session.execute(found).first() is not None


def search_variables(session: Session, instance_ids: Collection[str]) -> dict[str, dict[str, str]]:
    """What instances are found by, as text: {instance id: {name: text}} (pk_instance_variable)."""
    found: dict[str, dict[str, str]] = {}
    for row in session.execute(select(iv).where(iv.c.instance_id.in_(list(instance_ids)))):
        found.setdefault(row.instance_id, {})[row.name] = row.text
    return found
