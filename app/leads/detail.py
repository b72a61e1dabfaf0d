"""Everything the pages of one lead show, and what this person may do with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.customers import queries as customers
from app.leads import labels, lists, occasion_words, queries, timeline
from app.leads.models import RUNNING, Lead, LeadMaterial, LeadOwner
from app.leads.service import following, ownership
from app.security import Principal
from app.web.due import Due, standing
from app.web.filters import localdate, localtime, money
from app.web.i18n import language


@dataclass(frozen=True, slots=True)
class WaitingTask:
    """A task that waits: the step, and who has it or may take it."""

    task_id: str
    step: str
    holder: str
    groups: str
    due: Due | None


@dataclass(frozen=True, slots=True)
class Allowed:
    """What this person may do with the lead now."""

    follow_up: bool
    claim: bool
    give_back: bool
    reassign: bool
    end: bool

    def take(self, action: str) -> bool:
        """Whether the page for ``action`` (return, owner, won, lost) is open to this person."""
        return {"return": self.give_back, "owner": self.reassign}.get(action, self.end)


@dataclass(frozen=True, slots=True)
class Detail:
    """One lead for its pages."""

    lead: Lead
    customer: customers.CustomerRow | None
    words: lists.Words
    facts: list[tuple[str, Any]]
    result: list[tuple[str, Any]]
    tasks: list[WaitingTask]
    timeline: list[timeline.Entry]
    owners: list[LeadOwner]
    materials: list[LeadMaterial]
    next_leads: list[Lead]
    alike: list[queries.LikeLead]
    may: Allowed
    channels: Mapping[str, str]
    headline: str
    occasion: str
    """Why the system captured it by itself."""

    @property
    def due(self) -> Due | None:
        """How the deadline of the most urgent task stands."""
        return min((task.due for task in self.tasks if task.due), key=lambda due: due.at, default=None)

    @property
    def owner(self) -> str:
        """The owner by name; empty while nobody has the lead."""
        return self.words.people.get(self.lead.owner or "", self.lead.owner or "")


def load(session: Session, lead: Lead, principal: Principal) -> Detail:
    """The lead as ``principal`` may see it."""
    owners = queries.owners(session, lead.number)
    alike = queries.visible_alike(session, principal, lead)
    logins = {lead.owner, lead.captured_by, lead.qualified_by} | {row.owner for row in owners}
    words = lists.words(session, [lead], logins | {row.owner for row in alike})
    return Detail(
        lead=lead,
        customer=customers.customer(session, lead.customer_id) if lead.customer_id else None,
        words=words,
        facts=_facts(session, lead, words),
        result=_result(lead, words),
        tasks=waiting(session, lead),
        timeline=timeline.of(session, lead),
        owners=owners,
        materials=queries.materials(session, lead.number),
        next_leads=queries.visible_next_of(session, principal, lead.number),
        alike=alike,
        may=allowed(session, lead, principal),
        channels=labels.of_field(session, labels.CONTACT_FORM, "channel"),
        headline=labels.headline(lead),
        occasion=occasion_words.reason_of(session, lead),
    )


def allowed(session: Session, lead: Lead, principal: Principal) -> Allowed:
    """What ``principal`` may do with the lead; the service checks again."""
    running = lead.state in RUNNING
    own, supervised = lead.owner == principal.login, running and ownership.may_reassign(session, principal, lead)
    pooled = lead.owner is None and principal.has("lead.claim") and lead.department_key in principal.groups
    return Allowed(
        follow_up=following.may_follow_up(session, principal, lead),
        claim=running and pooled,
        give_back=running and lead.owner is not None and (own or supervised),
        reassign=supervised,
        end=running and lead.owner is not None and (own or supervised),
    )


def waiting(session: Session, lead: Lead) -> list[WaitingTask]:
    """The open tasks, the most urgent first."""
    rows = queries.open_tasks(session, [lead.number]).get(lead.number, [])
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


def _facts(session: Session, lead: Lead, words: lists.Words) -> list[tuple[str, Any]]:
    """What is known of the prospect, without what was left empty."""
    software = labels.of_field(session, labels.QUALIFY_FORM, "owns", "wants")
    people = words.people
    pairs = [
        (_("Kind of prospect"), words.kinds.get(lead.kind, lead.kind)),
        (_("Product"), words.products.get(lead.product_code or "", lead.product_code)),
        (_("Expected amount"), money(lead.amount) if lead.amount else ""),
        (_("Software they have"), _(", ").join(software.get(one, one) for one in lead.owns)),
        (_("Software they want"), _(", ").join(software.get(one, one) for one in lead.wants)),
        (_("Region"), lead.region),
        (_("Industry"), lead.industry),
        (_("Source"), labels.source(lead.source, words.sources)),
        (_("Reference"), lead.source_reference),
        (_("Heard of us"), words.heard_from.get(lead.heard_from, lead.heard_from)),
        (_("Captured"), localtime(lead.captured_at)),
        (_("Captured by"), people.get(lead.captured_by, lead.captured_by)),
        (_("Qualified by"), people.get(lead.qualified_by or "", lead.qualified_by)),
        (_("First expected"), localdate(lead.initial_purchase_date)),
        (_("Note"), lead.note),
    ]
    return [(term, value) for term, value in pairs if value]


def _result(lead: Lead, words: lists.Words) -> list[tuple[str, Any]]:
    """How the lead ended; empty while it runs."""
    if lead.closed_at is None:
        return []
    pairs = [
        (_("Result"), words.states[lead.state]),
        (_("Ended at"), localtime(lead.closed_at)),
        (_("Amount of the deal"), money(lead.deal_amount) if lead.deal_amount is not None else ""),
        (_("Product sold"), words.products.get(lead.deal_product_code or "", lead.deal_product_code)),
        (_("Purchase date"), timeline.advanced(lead.months_advanced) if lead.won_at else ""),
        (_("Reason of the loss"), words.lost_reasons.get(lead.lost_reason, lead.lost_reason)),
        (_("Rival"), lead.rival),
        (_("Reason"), lead.close_reason),
        (_("Duplicate of"), lead.duplicate_of),
    ]
    return [(term, value) for term, value in pairs if value]
