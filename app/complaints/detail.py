"""Everything the pages of one complaint show, as far as this person may know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.complaints import labels, queries, timeline
from app.complaints.models import Complaint, ComplaintAction, ComplaintAppeal, ComplaintPenalty, ComplaintVisit
from app.complaints.service import messages
from app.customers import queries as customers
from app.security import Principal
from app.web.due import Due, standing
from app.web.filters import money
from app.web.i18n import language
from engine import tables

LONGEST_MESSAGE = messages.LONGEST_TEXT


@dataclass(frozen=True, slots=True)
class MessageWords:
    """How a message is offered on the page."""

    button: Any
    label: Any
    icon: str
    danger: bool = False


MESSAGES: Mapping[str, MessageWords] = {
    "complaint_information": MessageWords(
        _l("The customer answered"), _l("What the customer told us"), "message-circle"
    ),
    "complaint_contested": MessageWords(_l("The customer contests"), _l("Why the customer disagrees"), "hand-stop"),
    "complaint_supplement": MessageWords(_l("The customer added something"), _l("What the customer added"), "note"),
    "complaint_containment": MessageWords(_l("Emergency measure"), _l("What must be done at once"), "first-aid-kit"),
    "penalty_appealed": MessageWords(_l("Appeal against the penalty"), _l("Reason for the appeal"), "gavel"),
    "complaint_withdrawn": MessageWords(
        _l("The customer withdraws"), _l("Why the customer withdraws the complaint"), "x", danger=True
    ),
}


@dataclass(frozen=True, slots=True)
class WaitingTask:
    """A task that waits: the step, who has it or may take it, and whether the reader may open it."""

    task_id: str
    step: str
    holder: str
    groups: str
    due: Due | None

    @property
    def due_at(self) -> datetime | None:
        """When it is due."""
        return self.due.at if self.due else None


@dataclass(frozen=True, slots=True)
class Interval:
    """A department's time in the case."""

    department: str
    role: str
    person: str
    reason: str
    from_at: datetime
    to_at: datetime | None


@dataclass(frozen=True, slots=True)
class Detail:
    """One complaint for its pages. Penalties and appeals are empty for whoever may not see them."""

    complaint: Complaint
    customer: customers.CustomerRow | None
    contact: customers.ContactRow | None
    facts: list[tuple[str, Any]]
    outcome: list[tuple[str, Any]]
    labels: Mapping[str, str]
    state: str
    result: str
    department: str
    tasks: list[WaitingTask]
    timeline: list[timeline.Entry]
    departments: list[Interval]
    actions: list[ComplaintAction]
    visits: list[ComplaintVisit]
    penalties: list[ComplaintPenalty]
    appeals: list[ComplaintAppeal]
    sees_penalties: bool
    people: Mapping[str, str]
    messages: list[tuple[str, MessageWords]]
    headline: str

    @property
    def due(self) -> Due | None:
        """How the deadline of the most urgent task stands."""
        return min((task.due for task in self.tasks if task.due), key=lambda due: due.at, default=None)


def load(session: Session, complaint: Complaint, principal: Principal) -> Detail:
    """The complaint as ``principal`` may see it."""
    secret = queries.sees_penalties(principal)
    departments = queries.departments(session, complaint.number)
    actions = queries.actions(session, complaint.number)
    visits = queries.visits(session, complaint.number)
    penalties = queries.penalties(session, complaint.number) if secret else []
    logins = {row.person for row in departments} | {row.owner for row in actions} | {row.visited_by for row in visits}
    logins |= {row.employee for row in penalties} | {row.decided_by for row in penalties}
    logins |= {complaint.registered_by, complaint.responsible_person}
    people = accounts.display_names(session, filter(None, logins), language())
    names = labels.of_field(session, "complaint_class", *labels.SUB_CODE_FIELDS, "severity", "channel")
    return Detail(
        complaint=complaint,
        customer=customers.customer(session, complaint.customer_id) if complaint.customer_id else None,
        contact=customers.contact(session, complaint.contact_id),
        facts=_facts(session, complaint, names, people),
        outcome=_outcome(session, complaint, people),
        labels=names,
        state=labels.states()[complaint.state],
        result=labels.results().get(complaint.result, complaint.result),
        department=_department(session, complaint.responsible_department),
        tasks=waiting(session, complaint, principal),
        timeline=timeline.of(session, complaint, principal),
        departments=_intervals(session, departments, people),
        actions=actions,
        visits=visits,
        penalties=penalties,
        appeals=queries.appeals(session, complaint.number) if secret else [],
        sees_penalties=secret,
        people=people,
        messages=_messages(session, complaint, principal),
        headline=labels.headline(complaint),
    )


def waiting(session: Session, complaint: Complaint, principal: Principal) -> list[WaitingTask]:
    """The open tasks, the most urgent first."""
    rows = queries.open_tasks(session, [complaint.number]).get(complaint.number, [])
    groups = engine.queries.candidate_groups(session, [row.task_id for row in rows])
    titles = accounts.group_titles(session, {name for names in groups.values() for name in names}, language())
    holders = accounts.display_names(session, {row.assignee for row in rows if row.assignee}, language())
    names = labels.step_names(session, ((row.definition_id, row.node_id) for row in rows))
    stands = standing(session)
    return [
        WaitingTask(
            task_id=row.task_id,
            step=names[row.definition_id, row.node_id],
            holder=holders.get(row.assignee or "", ""),
            groups=_(", ").join(titles.get(name, name) for name in groups.get(row.task_id, ())),
            due=stands(row),
        )
        for row in rows
    ]


def _messages(session: Session, complaint: Complaint, principal: Principal) -> list[tuple[str, MessageWords]]:
    """What this person may send now: the process listens to it, and the rules allow it."""
    if complaint.instance_id is None:
        return []
    subscription = tables.subscription
    listening = select(subscription.c.name).where(
        subscription.c.instance_id == complaint.instance_id, subscription.c.kind == "message"
    )
    names = messages.possible(session, principal, complaint, frozenset(session.scalars(listening)))
    return [(name, MESSAGES[name]) for name in names]


def _department(session: Session, key: str | None) -> str:
    return accounts.department_names(session, [key], language())[key] if key else ""


def _intervals(session: Session, rows: list[Any], people: Mapping[str, str]) -> list[Interval]:
    names = accounts.department_names(session, {row.department_key for row in rows}, language())
    roles = labels.roles()
    return [
        Interval(
            department=names[row.department_key],
            role=roles[row.role],
            person=people.get(row.person or "", ""),
            reason=row.reason,
            from_at=row.from_at,
            to_at=row.to_at,
        )
        for row in rows
    ]


_TERMS: Mapping[str, str] = {
    "contract_quantity": "quantity",
    "contract_grade": "grade",
    "contract_specification": "specification",
    "contract_delivery_time": "delivery_time",
    "contract_place": "delivery_place",
    "contract_settlement": "settlement",
    "contract_terms": "trade_terms",
}
"""Kind of contract complaint → the term of the contract it is about."""


def _facts(
    session: Session, complaint: Complaint, names: Mapping[str, str], people: Mapping[str, str]
) -> list[tuple[str, Any]]:
    """What was recorded, without what was left empty."""
    order = customers.order(session, complaint.order_id)
    contract = customers.contract(session, complaint.contract_id)
    product = customers.product(session, complaint.product_id)
    term = getattr(contract, _TERMS.get(complaint.sub_code or "", ""), "") if contract else ""
    pairs = [
        (_("Class"), names.get(complaint.complaint_class or "", "")),
        (_("Kind"), names.get(complaint.sub_code or "", complaint.sub_code)),
        (_("Channel"), names.get(complaint.channel, complaint.channel)),
        (_("Product"), product.title(language()) if product else ""),
        (_("Order number"), order.number if order else ""),
        (_("Contract"), contract.number if contract else ""),
        (_("The contract says"), term),
        (_("Carrier and waybill"), " ".join(filter(None, (complaint.carrier, complaint.waybill)))),
        (_("Employee named"), complaint.employee),
        (_("Remedy wanted"), complaint.remedy_wanted),
        (_("Customer's reference"), complaint.customer_reference),
        (_("Registered by"), people.get(complaint.registered_by, complaint.registered_by)),
        (_("Rules"), complaint.policy_version),
    ]
    return [(term, value) for term, value in pairs if value]


def _outcome(session: Session, complaint: Complaint, people: Mapping[str, str]) -> list[tuple[str, Any]]:
    """What was found and decided so far."""
    causes = {row.code: row.name if language() == "zh" else row.name_en for row in queries.cause_codes(session)}
    remedies = {row.code: row.name if language() == "zh" else row.name_en for row in queries.remedies(session)}
    pairs = [
        (_("Reason of the verdict"), complaint.verdict_reason),
        (_("Cause"), causes.get(complaint.cause_code or "", complaint.cause_code)),
        (_("Caused by"), _department(session, complaint.cause_department)),
        (_("Directly responsible"), people.get(complaint.responsible_person or "", "") or complaint.no_person_reason),
        (_("Remedies"), _(", ").join(remedies.get(code, code) for code in complaint.remedies or ())),
        (_("Solution"), complaint.solution),
        (_("Compensation proposed"), _yuan(complaint.compensation)),
        (_("Compensation approved"), _yuan(complaint.approved_compensation)),
        (_("Compensation paid"), _yuan(complaint.paid_amount)),
        (_("Cost of actions"), _yuan(complaint.total_cost)),
        (_("Prevention"), complaint.prevention),
        (_("Result in words"), complaint.result_text),
        (_("Lessons"), complaint.lessons),
    ]
    return [(term, value) for term, value in pairs if value]


def _yuan(amount: Decimal | None) -> str:
    return money(amount) if amount else ""
