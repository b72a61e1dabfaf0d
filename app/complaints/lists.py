"""The list of complaints and its export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Row, Select, select
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.complaints import labels, queries
from app.complaints.models import Complaint, ComplaintStep
from app.customers.models import Customer
from app.security import Principal
from app.web.filters import localtime
from app.web.i18n import language
from app.web.lists import ChoiceFilter, Column, DateFilter, FlagFilter, ListSpec, SearchFilter, Sort, TextFilter
from app.web.lists.filters import FilterContext
from engine import tables


@dataclass(frozen=True, slots=True)
class Words:
    """Labels a page of rows shares."""

    classes: dict[str, str]
    sub_codes: dict[str, str]
    severities: dict[str, str]
    channels: dict[str, str]
    departments: dict[str, str]
    people: dict[str, str]


@dataclass(frozen=True, slots=True)
class ComplaintLine:
    """A complaint as the list shows it. ``tasks``: its open tasks, the most urgent first, with the step's name."""

    complaint: Complaint
    customer: str
    tasks: tuple[tuple[str, queries.OpenTaskRow], ...]
    words: Words
    process: str
    """The completed steps, one a line: when, what, who, outcome."""

    @property
    def steps(self) -> str:
        """The steps that wait, by name."""
        return str(_("; ")).join(dict.fromkeys(name for name, _task in self.tasks))

    @property
    def state(self) -> str:
        """The state by name."""
        return labels.states()[self.complaint.state]

    @property
    def due_at(self) -> Any:
        """When the most urgent task is due."""
        return self.first_due.due_at if self.first_due else None

    @property
    def first_due(self) -> queries.OpenTaskRow | None:
        """The most urgent task that has a deadline."""
        return next((task for _name, task in self.tasks if task.due_at), None)


def _select(session: Session, principal: Principal) -> Select[*tuple[Any, ...]]:
    return (
        select(Complaint, Customer.name)
        .outerjoin(Customer, Customer.id == Complaint.customer_id)
        .where(queries.sees(principal))
    )


def lines(session: Session, found: Sequence[Row[*tuple[Any, ...]]]) -> list[ComplaintLine]:
    """Rows of ``(Complaint, customer name)`` with everything the page shows, loaded for all at once."""
    tasks = queries.open_tasks(session, [row[0].number for row in found])
    names = labels.step_names(session, ((task.definition_id, task.node_id) for rows in tasks.values() for task in rows))
    words = _words(session, [row[0] for row in found], tasks)
    process = _process(session, [row[0].number for row in found])
    return [
        ComplaintLine(
            complaint=row[0],
            customer=row[1] or "",
            tasks=tuple((names[task.definition_id, task.node_id], task) for task in tasks.get(row[0].number, ())),
            words=words,
            process=process.get(row[0].number, ""),
        )
        for row in found
    ]


def _process(session: Session, numbers: Sequence[str]) -> dict[str, str]:
    """The course of each case in words, for the export. Outcomes of confidential steps are not stored with the step."""
    statement = select(
        ComplaintStep.number,
        ComplaintStep.definition_id,
        ComplaintStep.node_id,
        ComplaintStep.actor,
        ComplaintStep.at,
        ComplaintStep.outcome,
    ).where(ComplaintStep.number.in_(numbers))
    rows = session.execute(statement.order_by(ComplaintStep.id)).all()
    names = labels.step_names(session, ((row.definition_id, row.node_id) for row in rows))
    people = accounts.display_names(session, {row.actor for row in rows}, language())
    found: dict[str, list[str]] = {}
    for row in rows:
        parts = (
            localtime(row.at),
            names[row.definition_id, row.node_id],
            people.get(row.actor, row.actor),
            row.outcome,
        )
        found.setdefault(row.number, []).append(" · ".join(filter(None, parts)))
    return {number: "\n".join(course) for number, course in found.items()}


def _words(session: Session, complaints: Sequence[Complaint], tasks: dict[str, list[queries.OpenTaskRow]]) -> Words:
    departments = {row.responsible_department for row in complaints} | {row.cause_department for row in complaints}
    people = {task.assignee for rows in tasks.values() for task in rows} | {row.registered_by for row in complaints}
    people |= {row.responsible_person for row in complaints}
    return Words(
        classes=labels.of_field(session, "complaint_class"),
        sub_codes=labels.of_field(session, *labels.SUB_CODE_FIELDS),
        severities=labels.of_field(session, "severity"),
        channels=labels.of_field(session, "channel"),
        departments=accounts.department_names(session, filter(None, departments), language()),
        people=accounts.display_names(session, filter(None, people), language()),
    )


def _open_task(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    task = tables.user_task
    found = select(task.c.instance_id).where(tables.IS_OPEN, condition)
    return Complaint.instance_id.in_(found)


def _overdue(context: FilterContext) -> ColumnElement[bool]:
    return _open_task(tables.user_task.c.due_at < engine.now(context.session))


def _departments(session: Session) -> labels.Options:
    groups = {row.name for row in accounts.groups(session)}
    return [(row.key, row.name(language())) for row in accounts.departments(session) if row.key in groups]


def _name(found: dict[str, str], value: str | None) -> str:
    return found.get(value or "", value or "")


def _column(name: str, label: Any, value: Callable[[ComplaintLine], Any], permission: str | None = None) -> Any:
    return Column(name, label, value, only_export=True, permission=permission)


EXPORTED: tuple[Column[ComplaintLine], ...] = (
    _column("customer", _l("Customer"), lambda line: line.customer),
    _column("severity", _l("Severity"), lambda line: _name(line.words.severities, line.complaint.severity)),
    _column("step", _l("Step"), lambda line: line.steps),
    _column("class", _l("Class"), lambda line: _name(line.words.classes, line.complaint.complaint_class)),
    _column("channel", _l("Channel"), lambda line: _name(line.words.channels, line.complaint.channel)),
    _column("customer_reference", _l("Customer's reference"), lambda line: line.complaint.customer_reference),
    _column("verbatim", _l("In the customer's words"), lambda line: line.complaint.verbatim),
    _column("summary", _l("Summary"), lambda line: line.complaint.summary),
    _column("remedy_wanted", _l("Remedy wanted"), lambda line: line.complaint.remedy_wanted),
    _column("amount_claimed", _l("Amount claimed"), lambda line: _amount(line.complaint.amount_claimed)),
    _column("registered_at", _l("Registered"), lambda line: line.complaint.registered_at),
    _column("registered_by", _l("Registered by"), lambda line: _name(line.words.people, line.complaint.registered_by)),
    _column("acknowledged_at", _l("Acknowledged"), lambda line: line.complaint.acknowledged_at),
    _column("process", _l("Course"), lambda line: line.process),
    _column("round", _l("Round"), lambda line: line.complaint.round),
    _column(
        "cause_department",
        _l("Caused by"),
        lambda line: _name(line.words.departments, line.complaint.cause_department),
    ),
    _column("cause_code", _l("Cause"), lambda line: line.complaint.cause_code),
    _column(
        "responsible_person",
        _l("Directly responsible"),
        lambda line: _name(line.words.people, line.complaint.responsible_person),
        "penalty.view",
    ),
    _column("solution", _l("Solution"), lambda line: line.complaint.solution),
    _column("compensation", _l("Compensation approved"), lambda line: _amount(line.complaint.approved_compensation)),
    _column("paid_amount", _l("Compensation paid"), lambda line: _amount(line.complaint.paid_amount)),
    _column("total_cost", _l("Cost of actions"), lambda line: _amount(line.complaint.total_cost)),
    _column("satisfaction", _l("Satisfaction"), lambda line: line.complaint.satisfaction),
    _column("result", _l("Result"), lambda line: _name(labels.results(), line.complaint.result)),
    _column("result_text", _l("Result in words"), lambda line: line.complaint.result_text),
    _column("lessons", _l("Lessons"), lambda line: line.complaint.lessons),
    _column("prevention", _l("Prevention"), lambda line: line.complaint.prevention),
    _column("closed_at", _l("Closed at"), lambda line: line.complaint.closed_at),
    _column("archived_at", _l("Archived"), lambda line: line.complaint.archived_at),
)
"""Content, process, result and satisfaction of every case, besides what the table shows."""


def _amount(value: Decimal | None) -> float | None:
    return None if value is None else float(value)


COMPLAINTS: ListSpec[ComplaintLine] = ListSpec(
    name="complaints",
    title=_l("Complaints"),
    select=_select,
    rows=lines,
    key=Complaint.number,
    columns=(
        Column("number", _l("Complaint"), lambda line: line.complaint.number, sort="number"),
        Column("kind", _l("Kind"), lambda line: _name(line.words.sub_codes, line.complaint.sub_code)),
        Column("state", _l("State"), lambda line: line.state),
        Column("due", _l("Due"), lambda line: line.due_at),
        Column(
            "department",
            _l("Department"),
            lambda line: _name(line.words.departments, line.complaint.responsible_department),
        ),
        Column("received", _l("Received"), lambda line: line.complaint.received_at, sort="received"),
        *EXPORTED,
    ),
    sorts={
        "received": Sort(Complaint.received_at),  # ix_complaint_received_at_number
        "number": Sort(Complaint.number),  # pk_complaint
        "customer": Sort(Customer.name, nullable=True),
    },
    default_sort="-received",
    filters=(
        SearchFilter("q", _l("Search"), queries.SEARCH_KIND, Complaint.number),
        ChoiceFilter("state", _l("State"), lambda _s: labels.options(labels.states()), Complaint.state, several=True),
        ChoiceFilter(
            "step",
            _l("Step"),
            labels.user_tasks,
            condition=lambda chosen: _open_task(tables.user_task.c.node_id.in_(chosen)),
        ),
        ChoiceFilter(
            "class",
            _l("Class"),
            lambda session: labels.options(labels.of_field(session, "complaint_class")),
            Complaint.complaint_class,
        ),
        ChoiceFilter(
            "severity",
            _l("Severity"),
            lambda session: labels.options(labels.of_field(session, "severity")),
            Complaint.severity,
            several=True,
        ),
        ChoiceFilter("department", _l("Department"), _departments, Complaint.responsible_department),
        TextFilter("customer", _l("Customer"), Customer.name),
        DateFilter("received", _l("Received"), Complaint.received_at),
        FlagFilter("overdue", _l("Overdue"), _overdue),
    ),
    export_permission="complaint.export",
)
