"""Codes as people read them. What a form offers is worded by the form; what only this slice knows is worded here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask_babel import gettext as _
from sqlalchemy.orm import Session

import engine
from app import formkit
from app.accounts import queries as accounts
from app.accounts.in_forms import with_departments
from app.matters import queries
from app.matters.models import Matter, MatterState, TransferKind
from app.web.i18n import language

REGISTER = "cco_routing/register"
CLASSIFY = "cco_routing/classify"
COMPLAINT, LEAD, UNROUTED = "complaint", "lead", "-"
"""Routes that are no department: a case of its own, and a matter that the rules have not sent anywhere yet."""

Options = list[tuple[str, str]]


def states() -> dict[str, str]:
    """Names of the states of a matter."""
    return {
        MatterState.OPEN.value: _("In progress"),
        MatterState.WAITING.value: _("A complaint has it"),
        MatterState.ANSWERED.value: _("To be told to the customer"),
        MatterState.CLOSED.value: _("Closed"),
        MatterState.CANCELLED.value: _("Cancelled"),
    }


def transfers() -> dict[str, str]:
    """Why a matter moved from one department to the next."""
    return {
        TransferKind.ROUTED.value: _("by the rules"),
        TransferKind.DECLINED.value: _("declined"),
        TransferKind.ESCALATED.value: _("passed up"),
        TransferKind.OVERDUE.value: _("deadline missed"),
        TransferKind.DECIDED.value: _("decided by the CCO"),
        TransferKind.COMPLAINT.value: _("within the complaint"),
        TransferKind.ANSWERED.value: _("answered"),
    }


def routes() -> dict[str, str]:
    """Names of the routes that are no department."""
    return {COMPLAINT: _("Complaint handling"), LEAD: _("Sales lead"), UNROUTED: _("Not sent anywhere yet")}


def sources() -> dict[str, str]:
    """How matters come into the system."""
    return {
        "form": _("Front desk"),
        "rest": _("From a program"),
        "message": _("By message"),
        "import": _("From a file"),
        "process": _("From a process"),
        "demo": _("Demo data"),
    }


def kinds(session: Session) -> dict[str, str]:
    """Kinds of matters by name; nothing while the process is not deployed."""
    return of_field(session, CLASSIFY, "kind")


def channels(session: Session) -> dict[str, str]:
    """How customers reach us, by name."""
    return of_field(session, REGISTER, "channel")


def of_field(session: Session, form: str, *names: str) -> dict[str, str]:
    """Value → label of the options of fields of a deployed form, in the reader's language."""
    document = document_of(session, form)
    found: dict[str, str] = {}
    for name in names if document else ():
        field = document.field(name) if document else None
        for option in (field.options or ()) if field else ():
            found[str(option.value)] = option.label.in_language(language())
    return found


def document_of(session: Session, form: str) -> formkit.FormDocument | None:
    """The form of the newest process; None while none is deployed."""
    try:
        definition = engine.queries.latest_definition(session, queries.PROCESS_KEY)
        return with_departments(session, formkit.load(session, definition.id, form))
    except engine.DefinitionNotFound:
        return None


def step_names(session: Session, nodes: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """(definition, node) → name of the node in the reader's language."""
    return {
        (definition_id, node_id): engine.queries.node_name(session, definition_id, node_id, language())
        for definition_id, node_id in set(nodes)
    }


def department_options(session: Session) -> Options:
    """The departments that may hold a matter: those with a candidate group, in the order of the tree."""
    groups = {row.name for row in accounts.groups(session)}
    return [(row.key, row.name(language())) for row in accounts.departments(session) if row.key in groups]


def options(found: Mapping[str, str]) -> Options:
    """Pairs for a filter."""
    return list(found.items())


def headline(matter: Matter) -> str:
    """One line that tells what the matter is about: the summary, else the beginning of the customer's words."""
    text = " ".join((matter.summary or matter.verbatim or "").split())
    return (text if len(text) <= 120 else f"{text[:119]}…") or _("Matter not described yet")
