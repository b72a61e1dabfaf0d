"""What the service tasks of the complaint process do. Each may run more than once for the same call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

import engine
from app import notifications
from app.accounts import queries as accounts
from app.complaints import letters, queries
from app.complaints.models import Complaint, ComplaintState
from app.complaints.service import closing, judging, steps
from app.customers import queries as customers
from engine import ServiceCall

CONTEST = "如对此答复有异议，您可以在 15 天内提出一次申诉。"
CONTEST_EN = "If you do not agree you may contest this answer once within 15 days."
EXCERPT = 120


def acknowledge(session: Session, call: ServiceCall) -> Mapping[str, Any] | None:
    """Tell the customer that the complaint arrived, and keep when."""
    complaint = _complaint(session, call)
    received = complaint.received_at.astimezone(ZoneInfo(engine.runtime(session).zone))
    _letter(session, complaint, letters.ACKNOWLEDGEMENT, {"received": f"{received:%Y-%m-%d %H:%M}"})
    if complaint.acknowledged_at is None:
        complaint.acknowledged_at = call.at
    return None


def reply_not_valid(session: Session, call: ServiceCall) -> Mapping[str, Any] | None:
    """Answer the customer politely why the complaint is not valid. A second verdict is a second letter."""
    complaint = _complaint(session, call)
    judged = [step for step in queries.steps(session, complaint.number) if step.node_id == "judge"]
    reply = str(judged[-1].values.get("reply") or complaint.verdict_reason) if judged else complaint.verdict_reason
    final = complaint.contested_at is not None
    facts = {"reply": reply, "contest": "" if final else CONTEST, "contest_en": "" if final else CONTEST_EN}
    _letter(session, complaint, letters.NOT_VALID, facts, key=call.task_id)
    return None


def schedule_visit(session: Session, call: ServiceCall) -> Mapping[str, Any] | None:
    """Step 7 is done: everybody who worked on the case is kept out of the return visit."""
    return {"handlers": steps.handlers_of(session, _complaint(session, call).number)}


def supplement(session: Session, call: ServiceCall) -> Mapping[str, Any] | None:
    """Tell everybody who has an open task of the case what the customer added."""
    complaint = _complaint(session, call)
    added = [row for row in queries.supplements(session, complaint.number) if row.kind == "supplement"]
    if not added:
        return None
    waiting = queries.open_tasks(session, [complaint.number]).get(complaint.number, [])
    people = {task.assignee for task in waiting if task.assignee}
    unclaimed = [task.task_id for task in waiting if not task.assignee]
    groups = {group for names in engine.queries.candidate_groups(session, unclaimed).values() for group in names}
    people.update(accounts.users_in_groups(session, groups))
    facts = {"business_key": complaint.number, "text": added[-1].text[:EXCERPT]}
    notifications.notify(
        session,
        sorted(people),
        letters.SUPPLEMENT,
        facts,
        link=f"/complaints/{complaint.number}",
        dedupe_key=f"complaint.supplement:{call.task_id}",
    )
    return None


def archive(session: Session, call: ServiceCall) -> Mapping[str, Any] | None:
    """Seal the record."""
    closing.archive(session, _complaint(session, call), call.at)
    return None


TOPICS: Mapping[str, Callable[[Session, ServiceCall], Mapping[str, Any] | None]] = {
    "complaint.acknowledge": acknowledge,
    "complaint.reply_not_valid": reply_not_valid,
    "complaint.schedule_visit": schedule_visit,
    "complaint.supplement": supplement,
    "complaint.archive": archive,
}
"""Every topic of processes/complaint.bpmn."""


def on_event(session: Session, event: engine.Event) -> None:
    """Engine listener: a case that another process prepared learns its instance, the clock runs again when `judge`
    comes back by time, cancelling a process closes its case."""
    if event.process_key != queries.PROCESS_KEY or event.business_key is None:
        return
    if isinstance(event, engine.InstanceStarted):
        complaint = session.get(Complaint, event.business_key)
        if complaint is not None and complaint.instance_id is None:
            complaint.instance_id = event.instance_id
    elif isinstance(event, engine.TaskCreated) and event.task.node_id == "judge":
        complaint = session.get(Complaint, event.business_key)
        if complaint is not None and complaint.state == ComplaintState.PAUSED:
            judging.end_pause(session, complaint, event.at, "time")
    elif isinstance(event, engine.InstanceEnded) and event.state == engine.InstanceState.CANCELLED:
        complaint = session.get(Complaint, event.business_key)
        if complaint is not None:
            closing.cancel(session, complaint, event.at, actor=event.actor, reason=event.reason or "")


def _complaint(session: Session, call: ServiceCall) -> Complaint:
    complaint = session.get(Complaint, call.business_key, with_for_update=True)
    if complaint is None:
        raise LookupError(f"no complaint {call.business_key}")
    return complaint


def _letter(
    session: Session, complaint: Complaint, template: str, facts: Mapping[str, Any], *, key: str = "once"
) -> None:
    contact = customers.contact(session, complaint.contact_id)
    customer = queries.customer_name(session, complaint.customer_id)
    notifications.send_to_customer(
        session,
        to=(contact.email or contact.phone or None) if contact else None,
        template=template,
        facts={"number": complaint.number, "contact": contact.name if contact else customer, **facts},
        business_key=complaint.number,
        dedupe_key=f"{template}:{complaint.number}:{key}",
        language=contact.language if contact else None,
    )
