"""What the service tasks of the routing process do. Each may run more than once for the same call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

import engine
from app import notifications
from app.accounts import queries as accounts
from app.business_objects import BusinessObjects
from app.customers import queries as customers
from app.matters import letters, queries
from app.matters.models import Matter, MatterState
from app.matters.service import closing, holding, steps
from app.security import Principal
from engine import ServiceCall

EXCERPT = 120
COMPLAINT, LEAD = "complaint", "lead_followup"
SAMPLING = "matter_sampling"
"""The decision table: how many of a hundred matters are checked with the customer."""

Topic = Callable[[Session, ServiceCall], Mapping[str, Any] | None]


def topics(objects: BusinessObjects) -> Mapping[str, Topic]:
    """Every topic of processes/cco_routing.bpmn; ``objects`` knows how complaints and leads are prepared."""
    return {
        "matter.open_complaint": lambda session, call: open_complaint(session, call, objects),
        "matter.open_lead": lambda session, call: open_lead(session, call, objects),
        "matter.close": close,
        "matter.supplement": supplement,
    }


def open_complaint(session: Session, call: ServiceCall, objects: BusinessObjects) -> Mapping[str, Any]:
    """The complaint the matter becomes, with the customer's words; its process is called next and waited for."""
    matter = _matter(session, call)
    if matter.complaint_number is None:
        values = {
            "channel": matter.channel,
            "received_at": matter.received_at,
            "customer": _text(matter.customer_id),
            "contact": _text(matter.contact_id),
            "product": _text(matter.product_id),
            "verbatim": matter.verbatim,
            "summary": matter.summary,
            "amount": matter.amount,
        }
        matter.complaint_number = _prepare(session, matter, objects, COMPLAINT, values)
    matter.state = MatterState.WAITING.value
    return {"complaint_number": matter.complaint_number}


def open_lead(session: Session, call: ServiceCall, objects: BusinessObjects) -> Mapping[str, Any]:
    """The lead the matter becomes; its process is called next and goes its own way, in the pool of the department."""
    matter = _matter(session, call)
    if matter.lead_number is None:
        contact = customers.contact(session, matter.contact_id)
        values = {
            "source_reference": matter.number,
            "department": str(call.variables.get("department") or ""),
            "company": queries.customer_name(session, matter.customer_id) or matter.caller_company,
            "contact_name": contact.name if contact else matter.caller_name,
            "phone": matter.caller_phone or (contact.phone if contact else ""),
            "email": contact.email if contact else "",
            "product_id": _text(matter.product_id),
            "amount": matter.amount,
            "note": matter.verbatim,
        }
        matter.lead_number = _prepare(session, matter, objects, LEAD, values)
    return {"lead_number": matter.lead_number, "lead_owner": ""}


def close(session: Session, call: ServiceCall) -> Mapping[str, Any]:
    """The matter is over; the number decides whether it is among those that are checked."""
    matter = _matter(session, call)
    closing.close(session, matter, call.at)
    definition_id = engine.queries.instance(session, call.instance_id).definition_id
    facts = {"kind": matter.kind, "value_class": matter.value_class}
    (drawn,) = engine.queries.decide(session, definition_id, SAMPLING, facts)
    return {
        "sampled_for_check": closing.is_drawn(matter.number, float(drawn["percent"])),
        "handlers": steps.handlers_of(session, matter),
    }


def supplement(session: Session, call: ServiceCall) -> Mapping[str, Any] | None:
    """Tell who has the matter what the customer added."""
    matter = _matter(session, call)
    added = queries.supplements(session, matter.number)
    if not added:
        return None
    people = [matter.handler] if matter.handler else accounts.users_in_groups(session, [matter.department])
    notifications.notify(
        session,
        sorted(people),
        letters.SUPPLEMENT,
        {"business_key": matter.number, "text": added[-1].text[:EXCERPT]},
        link=f"/matters/{matter.number}",
        dedupe_key=f"{letters.SUPPLEMENT}:{call.task_id}",
    )
    return None


def on_event(session: Session, event: engine.Event) -> None:
    """Engine listener: who has the matter now, also while a complaint has it; cancelling the process ends it."""
    matter = _concerned(session, event)
    if matter is None:
        return
    if event.process_key == queries.PROCESS_KEY and isinstance(event, engine.InstanceEnded):
        if event.state == engine.InstanceState.CANCELLED:
            closing.cancel(session, matter, event.at)
        return
    holding.follow(session, matter, event)


_TASK_EVENTS = (engine.TaskCreated, engine.TaskAssigned, engine.TaskCompleted, engine.events.TaskCancelled)


def _concerned(session: Session, event: engine.Event) -> Matter | None:
    """The matter whose process this is, or which became the complaint."""
    if event.business_key is None:
        return None
    if event.process_key == queries.PROCESS_KEY:
        return session.get(Matter, event.business_key)
    if event.process_key == COMPLAINT and isinstance(event, _TASK_EVENTS):
        return queries.of_complaint(session, event.business_key)
    return None


def _prepare(
    session: Session, matter: Matter, objects: BusinessObjects, process_key: str, values: Mapping[str, Any]
) -> str:
    found = objects.get(process_key)
    if found is None:
        raise LookupError(f"nothing prepares {process_key}")
    given = {name: value for name, value in values.items() if value not in (None, "")}
    return found.prepare(session, _author(session, matter), given)


def _author(session: Session, matter: Matter) -> Principal:
    """Who sent the matter on; in the name of the system when that person has left."""
    done = steps.last(session, matter.number)
    login = done.actor if done else matter.registered_by
    return accounts.principal(session, login) or Principal(login=holding.SYSTEM, name=holding.SYSTEM)


def _text(value: int | None) -> str | None:
    return None if value is None else str(value)


def _matter(session: Session, call: ServiceCall) -> Matter:
    matter = session.get(Matter, call.business_key, with_for_update=True)
    if matter is None:
        raise LookupError(f"no matter {call.business_key}")
    return matter
