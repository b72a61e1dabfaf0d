"""The list of matters and its export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Row, Select, String, case, func, literal, select
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict

import engine
from app.accounts import queries as accounts
from app.customers.models import Customer
from app.matters import labels, queries
from app.matters.models import Matter, MatterFact, MatterTransfer, MatterVerification
from app.security import Principal
from app.web.i18n import language
from app.web.lists import (
    BoundFilter,
    ChoiceFilter,
    Column,
    DateFilter,
    FlagFilter,
    ListSpec,
    SearchFilter,
    Sort,
    TextFilter,
)
from app.web.lists.filters import FilterContext, clean
from engine import tables

AT_LEAST = (1, 2, 3, 5)
UNCLASSIFIED = "-"


@dataclass(frozen=True, slots=True)
class Words:
    """Labels a page of rows shares."""

    kinds: dict[str, str]
    channels: dict[str, str]
    states: dict[str, str]
    departments: dict[str, str]
    people: dict[str, str]


@dataclass(frozen=True, slots=True)
class MatterLine:
    """A matter as the list shows it. ``tasks``: its open tasks, the most urgent first, with the step's name."""

    matter: Matter
    customer: str
    tasks: tuple[tuple[str, queries.OpenTaskRow], ...]
    words: Words

    @property
    def steps(self) -> str:
        """The steps that wait, by name."""
        return str(_("; ")).join(dict.fromkeys(name for name, _task in self.tasks))

    @property
    def state(self) -> str:
        """The state by name."""
        return self.words.states[self.matter.state]

    @property
    def kind(self) -> str:
        """The kind by name; empty while it is not classified."""
        return self.words.kinds.get(self.matter.kind, self.matter.kind)

    @property
    def channel(self) -> str:
        """The channel by name."""
        return self.words.channels.get(self.matter.channel, self.matter.channel)

    @property
    def department(self) -> str:
        """The department that has it, by name."""
        return self.words.departments.get(self.matter.department, self.matter.department)

    @property
    def holder(self) -> str:
        """The person who has it, by name; empty for nobody."""
        return self.words.people.get(self.matter.handler or "", self.matter.handler or "")

    @property
    def first_due(self) -> queries.OpenTaskRow | None:
        """The most urgent task that has a deadline."""
        return next((task for _name, task in self.tasks if task.due_at), None)

    @property
    def due_at(self) -> Any:
        """When the most urgent task is due."""
        return self.first_due.due_at if self.first_due else None

    @property
    def headline(self) -> str:
        """What it is about, in one line."""
        return labels.headline(self.matter)


def _select(session: Session, principal: Principal) -> Select[*tuple[Any, ...]]:
    return (
        select(Matter, Customer.name)
        .outerjoin(Customer, Customer.id == Matter.customer_id)
        .where(queries.sees(principal))
    )


def lines(session: Session, found: Sequence[Row[*tuple[Any, ...]]]) -> list[MatterLine]:
    """Rows of ``(Matter, customer name)`` with everything the page shows, loaded for all at once."""
    tasks = queries.open_tasks(session, [row[0].number for row in found])
    names = labels.step_names(session, ((task.definition_id, task.node_id) for rows in tasks.values() for task in rows))
    words = _words(session, [row[0] for row in found])
    return [
        MatterLine(
            matter=row[0],
            customer=row[1] or row[0].caller_company or row[0].caller_name,
            tasks=tuple((names[task.definition_id, task.node_id], task) for task in tasks.get(row[0].number, ())),
            words=words,
        )
        for row in found
    ]


def _words(session: Session, matters: Sequence[Matter]) -> Words:
    people = {row.handler for row in matters} | {row.registered_by for row in matters}
    people |= {row.answered_by for row in matters} | {row.replied_by for row in matters}
    return Words(
        kinds=labels.kinds(session),
        channels=labels.channels(session),
        states=labels.states(),
        departments=accounts.department_names(session, {row.department for row in matters}, language()),
        people=accounts.display_names(session, filter(None, people), language()),
    )


def route() -> ColumnElement[str]:
    """Where a matter went: a complaint or a lead of its own, else the department that had it first after the call
    centre; ``-`` while it has gone nowhere."""
    first = (
        select(MatterTransfer.to_department)
        .where(MatterTransfer.number == Matter.number)
        .order_by(MatterTransfer.id)
        .limit(1)
        .correlate(Matter)
        .scalar_subquery()
    )
    return case(
        (Matter.complaint_number.is_not(None), literal(labels.COMPLAINT, String)),
        (Matter.lead_number.is_not(None), literal(labels.LEAD, String)),
        else_=func.coalesce(first, labels.UNROUTED),
    )


def overdue(session: Session) -> ColumnElement[bool]:
    """Condition on ``Matter``: a task it waits at is past its deadline."""
    task = tables.user_task
    late = tables.common(task.c.due_at < engine.now(session))  # ix_user_task_open_step has all there is to know
    late_ones = select(task.c.instance_id).where(tables.IS_OPEN, late)
    return Matter.instance_id.in_(late_ones)


def asked_about(owner: str) -> ColumnElement[bool]:
    """Condition on ``Matter``: its customer was asked about a fact that ``owner`` had written down."""
    verification = select(MatterVerification.number).join(
        MatterFact, MatterFact.verification_id == MatterVerification.id
    )
    return Matter.number.in_(verification.where(MatterFact.owner == owner))


@dataclass(frozen=True, slots=True)
class OwnerFilter:
    """Matters in which a customer was asked about a fact that this person (a login) had written down."""

    name: str
    label: Any

    def parameters(self) -> tuple[str, ...]:
        """One parameter."""
        return (self.name,)

    def bind(self, arguments: MultiDict[str, str], context: FilterContext) -> BoundFilter:
        """Exactly this login."""
        value = clean(arguments.get(self.name, ""))
        if not value:
            return BoundFilter(self.name, str(self.label), "none")  # only a figure leads here: no field of its own
        return BoundFilter(self.name, str(self.label), "text", (value,), condition=asked_about(value))


def _at_least(expression: Any) -> Callable[[Sequence[str]], ColumnElement[bool]]:
    return lambda chosen: expression >= int(chosen[0])


def _counts(session: Session) -> labels.Options:
    return [(str(count), _("%(count)s or more", count=count)) for count in AT_LEAST]


def _kinds(session: Session) -> labels.Options:
    return [*labels.options(labels.kinds(session)), (UNCLASSIFIED, _("not classified"))]


def _of_kinds(chosen: Sequence[str]) -> ColumnElement[bool]:
    return Matter.kind.in_(["" if kind == UNCLASSIFIED else kind for kind in chosen])


def _centres(session: Session) -> labels.Options:
    return [(row.key, row.name(language())) for row in accounts.departments(session) if row.kind == "centre"]


def _routes(session: Session) -> labels.Options:
    return [*labels.options(labels.routes()), *labels.department_options(session)]


def _column(name: str, label: Any, value: Callable[[MatterLine], Any]) -> Column[MatterLine]:
    return Column(name, label, value, only_export=True)


EXPORTED: tuple[Column[MatterLine], ...] = (
    _column("customer", _l("Customer"), lambda line: line.customer),
    _column("caller", _l("Caller"), lambda line: line.matter.caller_name),
    _column("caller_phone", _l("Telephone"), lambda line: line.matter.caller_phone),
    _column("channel", _l("Channel"), lambda line: line.channel),
    _column("step", _l("Step"), lambda line: line.steps),
    _column("verbatim", _l("In the customer's words"), lambda line: line.matter.verbatim),
    _column("summary", _l("Summary"), lambda line: line.matter.summary),
    _column("amount", _l("Amount"), lambda line: None if line.matter.amount is None else float(line.matter.amount)),
    _column("holder", _l("Held by"), lambda line: line.holder),
    _column("hops", _l("Hops"), lambda line: line.matter.hops),
    _column("registered_at", _l("Registered"), lambda line: line.matter.registered_at),
    _column(
        "registered_by",
        _l("Registered by"),
        lambda line: line.words.people.get(line.matter.registered_by, line.matter.registered_by),
    ),
    _column("answer", _l("Answer"), lambda line: line.matter.answer),
    _column("answered_at", _l("Answered at"), lambda line: line.matter.answered_at),
    _column("reply", _l("Told to the customer"), lambda line: line.matter.reply),
    _column("replied_at", _l("Told at"), lambda line: line.matter.replied_at),
    _column("next_step", _l("Next step"), lambda line: line.matter.next_step),
    _column("complaint", _l("Complaint"), lambda line: line.matter.complaint_number),
    _column("lead", _l("Lead"), lambda line: line.matter.lead_number),
    _column("closed_at", _l("Closed at"), lambda line: line.matter.closed_at),
    _column("sha256", "SHA-256", lambda line: line.matter.verbatim_sha256),
)
"""Content, course and result of every matter, besides what the table shows."""


MATTERS: ListSpec[MatterLine] = ListSpec(
    name="matters",
    title=_l("Matters"),
    select=_select,
    rows=lines,
    key=Matter.number,
    columns=(
        Column("number", _l("Matter"), lambda line: line.matter.number, sort="number"),
        Column("kind", _l("Kind of matter"), lambda line: line.kind),
        Column("state", _l("State"), lambda line: line.state),
        Column("due", _l("Due"), lambda line: line.due_at),
        Column("department", _l("Department"), lambda line: line.department),
        Column("transfers", _l("Transfers"), lambda line: line.matter.transfers, numeric=True),
        Column("received", _l("Received"), lambda line: line.matter.received_at, sort="received"),
        *EXPORTED,
    ),
    sorts={
        "received": Sort(Matter.received_at),  # ix_matter_received_at_number
        "number": Sort(Matter.number),  # pk_matter
    },
    default_sort="-received",
    filters=(
        SearchFilter("q", _l("Search"), queries.SEARCH_KIND, Matter.number),
        ChoiceFilter("kind", _l("Kind of matter"), _kinds, condition=_of_kinds, several=True),
        ChoiceFilter("state", _l("State"), lambda _s: labels.options(labels.states()), Matter.state, several=True),
        ChoiceFilter("department", _l("Held by"), labels.department_options, Matter.department),
        ChoiceFilter("route", _l("Sent to"), _routes, condition=lambda chosen: route() == chosen[0]),
        ChoiceFilter("transfers", _l("Transfers"), _counts, condition=_at_least(Matter.transfers)),
        ChoiceFilter("hops", _l("Hops"), _counts, condition=_at_least(Matter.hops)),
        ChoiceFilter("channel", _l("Channel"), lambda s: labels.options(labels.channels(s)), Matter.channel),
        ChoiceFilter("region", _l("Region"), _centres, Matter.region),
        TextFilter("customer", _l("Customer"), Customer.name),
        DateFilter("received", _l("Received"), Matter.received_at),
        OwnerFilter("checked", _l("Facts checked of")),
        FlagFilter("overdue", _l("Overdue"), lambda context: overdue(context.session)),
    ),
    export_permission="matter.export",
)


def of_customer(session: Session, principal: Principal, customer_id: int, limit: int) -> tuple[list[MatterLine], int]:
    """The latest matters of a customer that this person may see, and how many there are."""
    theirs = _select(session, principal).where(Matter.customer_id == customer_id)
    count = session.scalar(select(func.count()).select_from(theirs.with_only_columns(Matter.number).subquery())) or 0
    rows = session.execute(theirs.order_by(Matter.number.desc()).limit(limit)).all()
    return lines(session, rows), count


def of_numbers(session: Session, principal: Principal, condition: ColumnElement[bool], limit: int) -> list[MatterLine]:
    """The latest matters for which ``condition`` holds and which this person may see."""
    found = _select(session, principal).where(condition).order_by(Matter.number.desc()).limit(limit)
    return lines(session, session.execute(found).all())
