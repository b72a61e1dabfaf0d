"""Who has a lead at every moment of its life, the pool of a centre included: claimed, given back, reassigned.

Exactly one interval is open from qualification to the end of the lead.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.accounts.models import User
from app.errors import FieldErrors, NotAllowedHere, NotVisible, SomebodyFaster
from app.leads import queries
from app.leads.models import RUNNING, Lead, LeadOwner, LeadState
from app.leads.service import territory
from app.leads.service.steps import move, refuse
from app.security import Principal, policy
from engine import tables

QUOTA = "claim_quota"
CHANGED = "lead_changed"
PATIENCE = timedelta(days=1)
"""How long a change waits for a process that is between two steps just now."""
LONGEST_REMARK = 500


class AlreadyTaken(SomebodyFaster):
    """Somebody was faster: the lead has an ``owner``, or (None) is no longer followed up."""

    def __init__(self, number: str, owner: str | None, name: str) -> None:
        said = (
            _l("%(name)s was faster: %(number)s is taken.", name=name, number=number)
            if owner
            else _l("%(number)s is no longer in the pool.", number=number)
        )
        super().__init__(said)
        self.number = number
        self.owner = owner


class QuotaReached(FieldErrors):
    """The person owns as many leads as one may (claim_quota in lead_timing.dmn)."""

    def __init__(self, quota: int) -> None:
        said = _l("You look after %(count)s leads already, the most one person may. Finish or return some first.")
        super().__init__({"": [said % {"count": quota}]})
        self.quota = quota


def give(
    session: Session, lead: Lead, owner: str | None, *, actor: str, reason: str, at: datetime, remark: str = ""
) -> None:
    """From ``at`` on ``owner`` has the lead, or with None the pool of its centre. Giving it to who has it already
    changes nothing."""
    current = open_interval(session, lead.number)
    if current is not None and current.owner == owner and lead.owner == owner:
        return
    if current is not None:
        current.to_at = at
    lead.owner = owner
    lead.department_key = territory.centre_of_person(session, owner) or lead.department_key
    move(lead, LeadState.OPEN if owner else LeadState.POOL)
    row = LeadOwner(
        number=lead.number,
        owner=owner,
        department_key=lead.department_key,
        from_at=at,
        actor=actor,
        reason=reason,
        remark=remark[:LONGEST_REMARK],
    )
    session.add(row)
    session.flush()


def open_interval(session: Session, number: str) -> LeadOwner | None:
    """Who has the lead now."""
    statement = select(LeadOwner).where(LeadOwner.number == number, LeadOwner.to_at.is_(None))
    return session.scalar(statement.order_by(LeadOwner.id.desc()).limit(1))


def end(session: Session, number: str, at: datetime) -> None:
    """The lead ended: so does the interval of whoever had it."""
    current = open_interval(session, number)
    if current is not None:
        current.to_at = at
    session.flush()


def quota(session: Session, principal: Principal) -> int:
    """How many running leads this person may own when claiming (table ``claim_quota`` of the newest process)."""
    definition = engine.queries.latest_definition(session, queries.PROCESS_KEY)
    facts = {
        "department": territory.centre_of_person(session, principal.login) or "",
        "supervisor": any(group.endswith("_lead") for group in principal.groups),
    }
    (answer,) = engine.queries.decide(session, definition.id, QUOTA, facts)
    return int(answer["quota"])


def require_quota(session: Session, principal: Principal) -> None:
    """Raise :class:`QuotaReached` when one lead more would be too many. The person's row stays locked, so two claims of
    the same person are counted one after the other."""
    session.execute(select(User.id).where(User.login == principal.login).with_for_update())
    allowed = quota(session, principal)
    if queries.owned(session, principal.login) >= allowed:
        raise QuotaReached(allowed)


def claim(session: Session, principal: Principal, number: str) -> Lead:
    """The principal takes a lead out of the pool and has its task at once; claiming one's own again changes nothing.

    Raises ``NotVisible``, ``NotAllowedHere``, :class:`QuotaReached`, or :class:`AlreadyTaken` with who was faster.
    """
    if not principal.has("lead.claim"):
        raise NotAllowedHere("lead.claim")
    lead = locked(session, principal, number, while_in_pool=True)
    if lead.owner == principal.login:
        return lead
    if lead.state != LeadState.POOL.value:
        names = accounts.display_names(session, [lead.owner] if lead.owner else [])
        raise AlreadyTaken(number, lead.owner, names.get(lead.owner or "", ""))
    require_quota(session, principal)
    _change_owner(session, lead, principal.login, actor=principal.login, reason="claimed")
    return lead


def give_back(session: Session, principal: Principal, number: str, reason: str) -> Lead:
    """The owner, or who may reassign, gives the lead back to the pool and says why."""
    lead = locked(session, principal, number)
    if lead.owner != principal.login and not may_reassign(session, principal, lead):
        raise NotAllowedHere("lead.reassign")
    _require_running(lead)
    _require_reason(reason)
    if lead.state == LeadState.OPEN.value:
        _change_owner(session, lead, None, actor=principal.login, reason="returned", remark=reason.strip())
    return lead


def reassign(session: Session, principal: Principal, number: str, owner: str, reason: str) -> Lead:
    """A supervisor gives the lead to ``owner`` and says why. Raises ``FieldErrors`` for an unknown person."""
    lead = locked(session, principal, number)
    if not may_reassign(session, principal, lead):
        raise NotAllowedHere("lead.reassign")
    _require_running(lead)
    _require_reason(reason)
    require_owner(session, owner)
    _change_owner(session, lead, owner, actor=principal.login, reason="reassigned", remark=reason.strip())
    return lead


def may_reassign(session: Session, principal: Principal, lead: Lead) -> bool:
    """Whether this person supervises who has the lead: permission, and the centre within the own departments."""
    if principal.has("lead.reassign") and principal.has("lead.view_all"):
        return True
    department = accounts.department_of(session, lead.owner) if lead.owner else None
    return policy.may(session, principal, "lead.reassign", set(filter(None, (lead.department_key, department))))


def hand_over(session: Session, leaver: str, successor: str, actor: str) -> int:
    """Everything ``leaver`` owns goes to ``successor``, whatever the quota; returns how many leads."""
    statement = select(Lead.number).where(Lead.owner == leaver, Lead.state.in_(RUNNING)).order_by(Lead.number)
    numbers = list(session.scalars(statement))
    for number in numbers:
        lead = _lock(session, number)
        _change_owner(session, lead, successor, actor=actor, reason="handed_over")
    return len(numbers)


def require_owner(session: Session, login: str) -> None:
    """Raise ``FieldErrors`` at ``owner`` unless an active employee is called that."""
    person = accounts.user(session, login)
    if person is None or not person.active:
        raise refuse("owner", _l("There is no such employee."))


def locked(session: Session, principal: Principal, number: str, *, while_in_pool: bool = False) -> Lead:
    """The lead, locked until the transaction ends, the process before the row as every step of it does. Raises
    ``NotVisible``; who saw it in the pool (``while_in_pool``) still sees that somebody was faster."""
    if queries.visible_lead(session, principal, number) is None:
        seen = session.get(Lead, number) if while_in_pool else None
        if seen is None or seen.department_key not in principal.groups:
            raise NotVisible
    return _lock(session, number)


def _lock(session: Session, number: str) -> Lead:
    instance_id = session.scalar(select(Lead.instance_id).where(Lead.number == number))
    instance = tables.process_instance
    session.execute(select(instance.c.id).where(instance.c.id == instance_id).with_for_update())
    statement = select(Lead).where(Lead.number == number).with_for_update()
    return session.execute(statement.execution_options(populate_existing=True)).scalar_one()


def _change_owner(
    session: Session, lead: Lead, owner: str | None, *, actor: str, reason: str, remark: str = ""
) -> None:
    at = engine.now(session)
    give(session, lead, owner, actor=actor, reason=reason, at=at, remark=remark)
    tell_process(session, lead, variables(lead) | {"outcome": "changed"}, actor=actor)


def variables(lead: Lead) -> dict[str, Any]:
    """What the process knows of who has the lead."""
    return {
        "owner": lead.owner or "",
        "sales_group": lead.department_key or territory.NOBODYS,
        "in_pool": lead.owner is None,
    }


def tell_process(session: Session, lead: Lead, changed: dict[str, Any], *, actor: str) -> None:
    """Correlate ``lead_changed``. A process between two steps gets it as soon as it listens again."""
    command = engine.CorrelateMessage(
        name=CHANGED,
        correlation_key=lead.number,
        variables=changed,
        instance_id=lead.instance_id,
        buffer_for=PATIENCE,
        actor=actor,
    )
    engine.execute(session, command)


def _require_running(lead: Lead) -> None:
    if lead.state not in RUNNING:
        raise refuse("", _l("This lead is not being followed up."))


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise refuse("reason", _l("Say why."))
    if len(reason.strip()) > LONGEST_REMARK:
        raise refuse("reason", _l("No more than %(count)s characters are possible.", count=LONGEST_REMARK))
