"""What happened in a case, in order, as far as this person may know it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app import formkit
from app.absences import naming
from app.accounts import queries as accounts
from app.accounts.in_forms import with_departments
from app.calendars import timeline as clocks
from app.complaints import labels, queries
from app.complaints.models import Complaint, ComplaintStep
from app.notifications import queries as notices
from app.security import Principal
from app.web.i18n import language


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline. ``document`` and ``values``: what was filled in, as far as this person may see it."""

    at: datetime
    title: str
    who: str = ""
    icon: str = "circle-dot"
    text: str = ""
    round: int = 0
    document: formkit.FormDocument | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[int, ...] = ()


ICONS = {
    "record": "file-text",
    "judge": "scale",
    "assign_department": "route",
    "analyse_cause": "stethoscope",
    "contribute_analysis": "report-search",
    "propose_solution": "tool",
    "approve_solution": "checkbox",
    "perform_action": "checklist",
    "pay_compensation": "cash",
    "decide_penalty": "gavel",
    "hear_appeal": "gavel",
    "take_containment": "first-aid-kit",
    "return_visit": "phone",
    "evaluate": "report",
    "thank_customer": "heart-handshake",
    "review_withdrawal": "eye",
}


def of(session: Session, complaint: Complaint, principal: Principal) -> list[Entry]:
    """Everything that happened, the latest first."""
    people = _people(session, complaint)
    entries = [
        Entry(complaint.registered_at, _("Complaint registered"), people.get(complaint.registered_by, ""), "plus"),
        *_letters(session, complaint),
        *_steps(session, complaint, principal, people),
        *_later(session, complaint, people),
        *_pauses(session, complaint),
        *(Entry(one.at, one.title, one.who, one.icon, one.text) for one in clocks.of(session, complaint.instance_id)),
    ]
    if complaint.archived_at is not None:
        entries.append(Entry(complaint.archived_at, _("Complaint archived"), icon="archive"))
    # what happened at the same moment stays in the order of the course
    return sorted(entries, key=lambda entry: entry.at)[::-1]


def shown_values(step: ComplaintStep, document: formkit.FormDocument, principal: Principal) -> dict[str, Any]:
    """What was filled in at a step. Confidential fields are there only for members of their groups."""
    known = {spec.key: spec for spec in document.fields}
    secret = {
        name: value
        for name, value in step.confidential.items()
        if name in known and known[name].shown_to(principal.groups)
    }
    return {**step.values, **secret}


def _people(session: Session, complaint: Complaint) -> dict[str, str]:
    logins = {complaint.registered_by}
    logins |= {step.actor for step in queries.steps(session, complaint.number)}
    logins |= {row.added_by for row in queries.supplements(session, complaint.number)}
    return accounts.display_names(session, logins, language())


def _steps(session: Session, complaint: Complaint, principal: Principal, people: Mapping[str, str]) -> list[Entry]:
    steps = queries.steps(session, complaint.number)
    names = labels.step_names(session, ((step.definition_id, step.node_id) for step in steps))
    for_others = naming.for_whom(session, {step.task_id: step.actor for step in steps})
    found = []
    for step in steps:
        document = formkit.load(session, step.definition_id, step.form_key) if step.form_key else None
        found.append(
            Entry(
                at=step.at,
                title=names[step.definition_id, step.node_id],
                who=for_others.get(step.task_id) or people.get(step.actor, step.actor),
                icon=ICONS.get(step.node_id, "circle-check"),
                round=step.round,
                document=with_departments(session, document) if document else None,
                values=shown_values(step, document, principal) if document else {},
            )
        )
    return found


def _later(session: Session, complaint: Complaint, people: Mapping[str, str]) -> list[Entry]:
    titles = labels.supplements()
    return [
        Entry(
            row.added_at,
            titles.get(row.kind, row.kind),
            people.get(row.added_by, row.added_by),
            "message",
            row.text,
            files=tuple(int(item) for item in row.files),
        )
        for row in queries.supplements(session, complaint.number)
    ]


def _pauses(session: Session, complaint: Complaint) -> list[Entry]:
    found = []
    for pause in queries.pauses(session, complaint.number):
        found.append(Entry(pause.from_at, _("The clock stopped"), icon="player-pause", text=pause.reason))
        if pause.to_at is not None:
            found.append(Entry(pause.to_at, _("The clock runs again"), icon="player-play"))
    return found


def _letters(session: Session, complaint: Complaint) -> list[Entry]:
    kind = "zh" if language() == "zh" else "en"
    return [
        Entry(letter.created_at, _("Letter to the customer"), letter.recipient, "mail", letter.subject[kind])
        for letter in notices.outbox_of(session, complaint.number)
    ]
