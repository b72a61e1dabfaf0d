"""Everything the pages of one matter show, as far as this person may know it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.business_objects import objects
from app.customers import queries as customers
from app.matters import labels, queries, timeline
from app.matters.models import Matter, MatterCopy, MatterFact, MatterVerification
from app.matters.service import messages
from app.matters.service.holding import by_whom
from app.matters.timeline import Entry, Responsibility
from app.security import Principal
from app.web.due import Due, standing
from app.web.filters import money, number
from app.web.i18n import language

ROUTING = "matter_routing"
DECISIONS = ("matter_kind", ROUTING)
LONGEST_TEXT = messages.LONGEST_TEXT


@dataclass(frozen=True, slots=True)
class WaitingTask:
    """A task that waits: the step, who has it or may take it."""

    task_id: str
    step: str
    holder: str
    groups: str
    due: Due | None


@dataclass(frozen=True, slots=True)
class Copy:
    """Somebody who was told of the matter."""

    department: str
    person: str
    copied_by: str
    at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class Move:
    """The matter moved from one department to another."""

    before: str
    after: str
    kind: str
    declined: bool
    who: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Fired:
    """A decision table was asked: with which facts, and which of its rows answered."""

    decision: str
    at: datetime
    inputs: tuple[tuple[str, str], ...]
    rows: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Linked:
    """A case of its own that came out of the matter; ``url`` is empty for who may not see it."""

    number: str
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class Detail:
    """One matter for its pages."""

    matter: Matter
    customer: customers.CustomerRow | None
    contact: customers.ContactRow | None
    facts: list[tuple[str, Any]]
    state: str
    kind: str
    channels: Mapping[str, str]
    department: str
    holder: str
    headline: str
    tasks: list[WaitingTask]
    timeline: list[Entry]
    responsibility: Responsibility
    moves: list[Move]
    copies: list[Copy]
    verifications: list[tuple[MatterVerification, list[MatterFact]]]
    fired: list[Fired]
    complaint: Linked | None
    lead: Linked | None
    people: Mapping[str, str]
    may_add: bool
    unread: bool
    """The reader was told of the matter and has not read it."""

    @property
    def due(self) -> Due | None:
        """How the deadline of the most urgent task stands."""
        return min((task.due for task in self.tasks if task.due), key=lambda due: due.at, default=None)


def load(session: Session, matter: Matter, principal: Principal) -> Detail:
    """The matter as ``principal`` may see it."""
    checked, copies = _verifications(session, matter), queries.copies(session, matter.number)
    logins = {matter.registered_by, matter.handler, matter.answered_by, matter.replied_by}
    logins |= {row.verified_by for row, _facts_asked in checked}
    logins |= {fact.owner for _row, facts_asked in checked for fact in facts_asked}
    people = accounts.display_names(session, filter(None, logins), language())
    department = matter.department
    return Detail(
        matter=matter,
        customer=customers.customer(session, matter.customer_id) if matter.customer_id else None,
        contact=customers.contact(session, matter.contact_id),
        facts=_facts(session, matter, people),
        state=labels.states()[matter.state],
        kind=labels.kinds(session).get(matter.kind, matter.kind),
        channels=labels.channels(session),
        department=accounts.department_names(session, [department], language())[department] if department else "",
        holder=people.get(matter.handler or "", ""),
        headline=labels.headline(matter),
        tasks=waiting(session, matter),
        timeline=timeline.of(session, matter),
        responsibility=timeline.responsibility(session, matter),
        moves=_moves(session, matter),
        copies=_copies(session, copies),
        verifications=checked,
        fired=_fired(session, matter),
        complaint=_linked(session, principal, "complaint", matter.complaint_number),
        lead=_linked(session, principal, "lead_followup", matter.lead_number),
        people=people,
        may_add=matter.instance_id is not None and messages.possible(principal, matter),
        unread=any(row.login == principal.login and row.read_at is None for row in copies),
    )


def waiting(session: Session, matter: Matter) -> list[WaitingTask]:
    """The open tasks, the most urgent first."""
    rows = queries.open_tasks(session, [matter.number]).get(matter.number, [])
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


def _facts(session: Session, matter: Matter, people: Mapping[str, str]) -> list[tuple[str, Any]]:
    """What was recorded, without what was left empty."""
    product = customers.product(session, matter.product_id)
    concerns = labels.of_field(session, labels.REGISTER, "concern")
    regions = labels.of_field(session, labels.CLASSIFY, "region")
    kinds = labels.kinds(session)
    proposed = kinds.get(matter.proposed_kind, "") if matter.proposed_kind != matter.kind else ""
    source = labels.sources().get(matter.source, matter.source)
    pairs = [
        (_("What it is about"), concerns.get(matter.concern, matter.concern)),
        (_("Proposed kind"), proposed),
        (_("Channel"), labels.channels(session).get(matter.channel, matter.channel)),
        (_("Product"), product.title(language()) if product else ""),
        (_("Region"), regions.get(matter.region, matter.region)),
        (_("Amount"), money(matter.amount) if matter.amount else ""),
        (_("Registered by"), people.get(matter.registered_by, matter.registered_by)),
        (_("Source"), f"{source} · {matter.source_reference}" if matter.source_reference else ""),
    ]
    return [(term, value) for term, value in pairs if value]


def _moves(session: Session, matter: Matter) -> list[Move]:
    rows, kinds = queries.transfers(session, matter.number), labels.transfers()
    keys = {row.from_department for row in rows} | {row.to_department for row in rows}
    names = accounts.department_names(session, keys, language())
    people = accounts.display_names(session, {row.actor for row in rows}, language())
    return [
        Move(
            before=names[row.from_department],
            after=names[row.to_department],
            kind=kinds.get(row.kind, row.kind),
            declined=row.kind == "declined",
            who=by_whom(row.actor, people),
            reason=row.reason,
            at=row.at,
        )
        for row in rows
    ]


def _copies(session: Session, rows: Sequence[MatterCopy]) -> list[Copy]:
    names = accounts.department_names(session, {row.department_key for row in rows}, language())
    logins = {row.login for row in rows} | {row.copied_by for row in rows}
    people = accounts.display_names(session, logins, language())
    return [
        Copy(names[row.department_key], people[row.login], people[row.copied_by], row.at, row.read_at) for row in rows
    ]


def _verifications(session: Session, matter: Matter) -> list[tuple[MatterVerification, list[MatterFact]]]:
    rows = queries.verifications(session, matter.number)
    facts = queries.facts(session, [row.id for row in rows])
    return [(row, [fact for fact in facts if fact.verification_id == row.id]) for row in rows]


def _fired(session: Session, matter: Matter) -> list[Fired]:
    """Why the matter went where it went: the rows of the decision tables that answered, as the engine recorded."""
    if matter.instance_id is None:
        return []
    events = engine.queries.history(session, matter.instance_id)
    return [
        Fired(
            decision=event.changes["decision"],
            at=event.at,
            inputs=tuple(_input(session, label, value) for label, value in event.changes["inputs"].items()),
            rows=tuple((row["number"], str(row.get(language(), "") or "")) for row in event.changes["rows"]),
        )
        for event in events
        if event.kind == "decision_evaluated" and event.changes.get("decision") in DECISIONS
    ]


def _input(session: Session, label: str, value: Any) -> tuple[str, str]:
    """A fact that a rule looked at, by the column's label, as people read it."""
    name = _COLUMNS.get(label, label)
    return _fact_names().get(name, label), _shown(session, name, value)


def _shown(session: Session, name: str, value: Any) -> str:
    if name == "kind":
        return labels.kinds(session).get(str(value), str(value))
    if name == "concern":
        return labels.of_field(session, labels.REGISTER, "concern").get(str(value), str(value))
    if name == "region":
        return labels.of_field(session, labels.CLASSIFY, "region").get(str(value), str(value))
    return number(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else str(value or "")


_COLUMNS = {
    "事项类别": "kind",
    "客户来意": "concern",
    "产品": "product_code",
    "地区（营销中心）": "region",
    "金额（元）": "amount",
    "客户价值等级": "value_class",
}
"""Labels of the columns of our tables; a designer's own columns are shown as they are labelled."""


def _fact_names() -> dict[str, str]:
    return {
        "kind": _("Kind of matter"),
        "concern": _("What it is about"),
        "product_code": _("Product"),
        "region": _("Region"),
        "amount": _("Amount"),
        "value_class": _("Value of the customer"),
    }


def _linked(session: Session, principal: Principal, process_key: str, key: str | None) -> Linked | None:
    """The case that the matter became, with its address for who may see it."""
    if key is None:
        return None
    found = objects().get(process_key)
    if found is None:
        return Linked(key, "", "")
    keys = found.visible_keys(principal).subquery()
    if session.scalar(select(keys.c[0]).where(keys.c[0] == key).limit(1)) is None:
        return Linked(key, "", "")
    summary = found.summary(session, key, principal)
    return Linked(key, summary.title, summary.url)
