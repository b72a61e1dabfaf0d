"""Lists of tasks: those that wait for somebody, and those of one step that were completed. Figures open their rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Row, Select, false, or_, select
from sqlalchemy.orm import Session

import app.db as db
import engine
from app.accounts import queries as accounts
from app.monitor import sight, workload
from app.monitor.sight import EXPORTS, Sight
from app.process_names import process_name, step_name
from app.security import Principal, current
from app.web.due import Due, calendars_of, due_of
from app.web.i18n import language
from app.web.lists import ChoiceFilter, Column, DateFilter, FlagFilter, HiddenFilter, ListSpec, Sort
from engine.tables import asked_each, process_definition, user_task, user_task_candidate

NOBODY = "-"
"""The choice "nobody" among people: no login looks like this."""
Options = list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class TaskLine:
    """A task as the lists show it. ``groups``: names of those it is offered to while nobody has it."""

    task: engine.TaskRow
    process: str
    step: str
    person: str
    groups: tuple[str, ...]
    due: Due | None
    may_open: bool

    @property
    def hours(self) -> float | None:
        """Working hours it took."""
        return None if self.task.worked_minutes is None else round(self.task.worked_minutes / 60, 2)

    @property
    def remaining(self) -> float | None:
        """Working hours left, negative when it is late."""
        return None if self.due is None else round(self.due.remaining.total_seconds() / 3600, 2)


def lines(session: Session, found: Sequence[Row[*tuple[Any, ...]]]) -> list[TaskLine]:
    """The tasks whose ids a page found, with words, loaded for all at once."""
    ids = [row[0] for row in found]
    tasks = {task.id: task for task in _tasks(session, ids)}
    offered = engine.queries.candidate_groups(session, [row.id for row in tasks.values() if row.assignee is None])
    names = accounts.display_names(
        session, {row.ended_by or row.assignee or "" for row in tasks.values()} - {""}, language()
    )
    groups = _group_names(session)
    calendars, may_open = calendars_of(session), current().has("task.work")
    return [
        TaskLine(
            task=task,
            process=process_name(session, task.definition_id),
            step=step_name(session, task.definition_id, task.node_id),
            person=names.get(task.ended_by or task.assignee or "", ""),
            groups=tuple(groups.get(name, name) for name in offered.get(task.id, ())),
            due=due_of(session, task, calendars),
            may_open=may_open,
        )
        for task in (tasks[task_id] for task_id in ids)
    ]


def _tasks(session: Session, ids: Sequence[str]) -> list[engine.TaskRow]:
    rows = session.execute(select(*user_task.c).where(user_task.c.id.in_(ids)))
    return [engine.TaskRow(**{**row._mapping, "state": engine.TaskState(row.state)}) for row in rows]


def _group_names(session: Session) -> Mapping[str, str]:
    return {row.name: row.title(language()) for row in accounts.groups(session)}


def _select_open(session: Session, principal: Principal) -> Select[*tuple[Any, ...]]:
    sees = Sight.of(session, principal)
    return select(user_task.c.id).where(sight.IS_OPEN, sees.has_open())


def _select_completed(session: Session, principal: Principal) -> Select[*tuple[Any, ...]]:
    """Of one step only: all that were ever completed are too many for anybody (ix_user_task_completed_step)."""
    key, node = request.args.get("process", "")[:100], request.args.get("step", "")[:100]
    task, sees = user_task.c, Sight.of(session, principal)
    if not key or not node or "\x00" in key + node:
        return select(task.id).where(false())
    same = (task.definition_key == key, task.node_id == node)
    return select(task.id).where(sight.IS_COMPLETED, *same, sees.completed_by())


def _processes(session: Session) -> Options:
    newest = engine.queries.definitions(session, latest_only=True)
    return [(row.key, process_name(session, row.id)) for row in newest]


def steps(session: Session) -> Options:
    """Steps at which tasks wait: ``process/node`` and its name (ix_user_task_open_step)."""
    task = user_task.c
    columns = (task.definition_key, task.node_id, task.definition_id)
    found = select(*columns).where(sight.IS_OPEN).distinct()
    names = {f"{key}/{node}": (of, node) for key, node, of in session.execute(found.order_by(*columns))}
    return [(value, step_name(session, *place)) for value, place in names.items()]


def _at_step(chosen: Sequence[str]) -> ColumnElement[bool]:
    key, _slash, node = chosen[0].partition("/")
    return (user_task.c.definition_key == key) & (user_task.c.node_id == node)


def _versions(session: Session) -> Options:
    """Versions of the chosen process."""
    definition, key = process_definition.c, request.args.get("process", "")[:100].replace("\x00", "")
    found = select(definition.id, definition.version).where(definition.key == key).order_by(definition.version.desc())
    return [(row.id, str(row.version)) for row in session.execute(found)]


def _people(session: Session) -> Options:
    """Those who have open tasks; nobody comes first."""
    logins = workload.holders(session, Sight.of(session, current()))
    names = accounts.display_names(session, logins, language())
    return [(NOBODY, _("Nobody")), *sorted(((one, names.get(one, one)) for one in logins), key=lambda item: item[1])]


def _held_by(chosen: Sequence[str]) -> ColumnElement[bool]:
    holder = user_task.c.assignee + ""  # as in workload: the index of open tasks is the one to read
    logins = [login for login in chosen if login != NOBODY]
    return or_(holder.in_(logins), holder.is_(None)) if NOBODY in chosen else holder.in_(logins)


def _groups(session: Session) -> Options:
    return sorted(_group_names(session).items(), key=lambda item: item[1])


def _offered_to(chosen: Sequence[str]) -> ColumnElement[bool]:
    """Waits for a group: nobody has it, and it is offered to one of these."""
    offer = user_task_candidate.c
    mine = select(offer.task_id).where(
        offer.task_id == user_task.c.id, offer.kind == "group", (offer.name + "").in_(chosen)
    )
    return (user_task.c.assignee + "").is_(None) & asked_each(mine.correlate(user_task))


def due_words() -> dict[str, str]:
    """What the due states are called."""
    return {
        "overdue": _("overdue"),
        "risk": _("at risk"),
        "today": _("due today"),
        "none": _("without deadline"),
    }


def _late(_context: Any) -> ColumnElement[bool]:
    return user_task.c.ended_at > user_task.c.due_at


def _column(name: str, label: Any, value: Callable[[TaskLine], Any]) -> Column[TaskLine]:
    return Column(name, label, value, only_export=True)


OPEN: ListSpec[TaskLine] = ListSpec(
    name="open-tasks",
    title=_l("Open tasks"),
    select=_select_open,
    rows=lines,
    key=user_task.c.id,
    columns=(
        Column("step", _l("Step"), lambda line: line.step, sort="step"),
        Column("key", _l("Instance"), lambda line: line.task.business_key or line.task.instance_id),
        Column("person", _l("Who has it"), lambda line: line.person),
        Column("created", _l("Waiting since"), lambda line: line.task.created_at, sort="created"),
        Column("due", _l("Deadline"), lambda line: line.task.due_at, sort="due"),
        _column("process", _l("Process"), lambda line: line.process),
        _column("groups", _l("Groups"), lambda line: str(_(", ")).join(line.groups)),
        _column("remaining", _l("Working hours left"), lambda line: line.remaining),
        _column("priority", _l("Priority"), lambda line: line.task.priority),
        _column("task", _l("Task"), lambda line: line.task.id),
    ),
    # The deadlines are read in the order of ix_user_task_due_at_open; the others sort ix_user_task_open_step, which
    # holds open tasks only, and keep the first fifty.
    sorts={
        "due": Sort(user_task.c.due_at, nullable=True),
        "created": Sort(user_task.c.created_at),
        "step": Sort(user_task.c.node_id),
    },
    default_sort="due",
    export_permission=EXPORTS,
    filters=(
        ChoiceFilter("process", _l("Process"), _processes, user_task.c.definition_key),
        ChoiceFilter("step", _l("Step"), steps, condition=_at_step),
        ChoiceFilter("version", _l("Version"), _versions, user_task.c.definition_id),
        ChoiceFilter("person", _l("Who has it"), _people, condition=_held_by),
        ChoiceFilter("group", _l("Waits for group"), _groups, condition=_offered_to),
        ChoiceFilter(
            "due",
            _l("Due"),
            lambda _session: list(due_words().items()),
            condition=lambda chosen: workload.due_condition(db.session(), chosen[0]),
        ),
    ),
)

COMPLETED: ListSpec[TaskLine] = ListSpec(
    name="completed-tasks",
    title=_l("Completed tasks"),
    select=_select_completed,
    rows=lines,
    key=user_task.c.id,
    columns=(
        Column("key", _l("Instance"), lambda line: line.task.business_key or line.task.instance_id),
        Column("person", _l("Done by"), lambda line: line.person),
        Column("created", _l("Begun"), lambda line: line.task.created_at),
        Column("ended", _l("Completed at"), lambda line: line.task.ended_at, sort="ended"),
        Column("worked", _l("Working time"), lambda line: line.hours, sort="worked", numeric=True),
        Column("due", _l("Deadline"), lambda line: line.task.due_at),
        _column("process", _l("Process"), lambda line: line.process),
        _column("step", _l("Step"), lambda line: line.step),
    ),
    sorts={
        "ended": Sort(user_task.c.ended_at),  # the order of ix_user_task_completed_step within a step
        "worked": Sort(user_task.c.worked_minutes, nullable=True),  # read from it alone
    },
    default_sort="-ended",
    export_permission=EXPORTS,
    filters=(
        HiddenFilter("process", _l("Process")),
        HiddenFilter("step", _l("Step")),
        ChoiceFilter("version", _l("Version"), _versions, user_task.c.definition_id),
        DateFilter("ended", _l("Completed at"), user_task.c.ended_at),
        FlagFilter("late", _l("After the deadline"), _late),
    ),
)


def known_steps(session: Session, process_key: str) -> Options:
    """The steps of the newest version of a process: node and name; none for a process nobody deployed."""
    newest = engine.queries.definitions(session, process_key.replace("\x00", "")[:100])[:1]
    return [(node, step_name(session, row.id, node)) for row in newest for node in row.nodes]
