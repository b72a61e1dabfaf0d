"""Codes as people read them. What a form offers is worded by the form; what only this slice knows is worded here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flask_babel import gettext as _
from sqlalchemy.orm import Session

import engine
from app import formkit
from app.complaints import queries
from app.complaints.models import Complaint, ComplaintState
from app.errors import FieldErrors
from app.web.i18n import language

RECORD_FORM = "complaint/record"
SEVERITY_COLOURS: Mapping[str, str] = {"minor": "secondary", "normal": "blue", "serious": "orange", "critical": "red"}
STATE_COLOURS: Mapping[str, str] = {
    ComplaintState.RECORDING: "yellow",
    ComplaintState.OPEN: "blue",
    ComplaintState.PAUSED: "purple",
    ComplaintState.NOT_VALID: "orange",
    ComplaintState.CLOSED: "green",
    ComplaintState.WITHDRAWN: "secondary",
}

Options = list[tuple[str, str]]


def states() -> dict[str, str]:
    """Names of the states of a complaint."""
    return {
        ComplaintState.RECORDING.value: _("Being recorded"),
        ComplaintState.OPEN.value: _("In progress"),
        ComplaintState.PAUSED.value: _("Waiting for the customer"),
        ComplaintState.NOT_VALID.value: _("Not valid, may be contested"),
        ComplaintState.CLOSED.value: _("Closed"),
        ComplaintState.WITHDRAWN.value: _("Withdrawn"),
    }


def results() -> dict[str, str]:
    """Names of results that no form offers; the others are options of `evaluate`."""
    return {
        ComplaintState.NOT_VALID.value: _("Not valid"),
        ComplaintState.WITHDRAWN.value: _("Withdrawn"),
        "cancelled": _("Process cancelled"),
        "resolved": _("Resolved"),
        "partly_resolved": _("Partly resolved"),
        "not_resolved": _("Not resolved"),
    }


def roles() -> dict[str, str]:
    """Why a department is in a case."""
    return {"intake": _("Took it in"), "responsible": _("Answers for it"), "contributing": _("Contributes")}


def supplements() -> dict[str, str]:
    """What came in later."""
    return {
        "information": _("Information from the customer"),
        "supplement": _("The customer added"),
        "contested": _("The customer contested the answer"),
        "withdrawn": _("The customer withdrew the complaint"),
        "containment": _("Emergency measure requested"),
        "summary": _("The summary was changed"),
    }


def of_field(session: Session, *names: str) -> dict[str, str]:
    """Value → label of the options of fields of the form `record`, in the reader's language. Empty while the process is
    not deployed."""
    try:
        definition = engine.queries.latest_definition(session, queries.PROCESS_KEY)
        document = formkit.load(session, definition.id, RECORD_FORM)
    except engine.DefinitionNotFound:
        return {}
    found: dict[str, str] = {}
    for name in names:
        field = document.field(name)
        for option in (field.options or ()) if field else ():
            found[str(option.value)] = option.label.in_language(language())
    return found


CLASSES = ("quality", "contract", "transport", "service")
SUB_CODE_FIELDS = tuple(f"sub_code_{name}" for name in CLASSES)


def options(found: Mapping[str, str]) -> Options:
    """Pairs for a filter."""
    return list(found.items())


def step_names(session: Session, nodes: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """(definition, node) → name of the node in the reader's language."""
    return {
        (definition_id, node_id): engine.queries.node_name(session, definition_id, node_id, language())
        for definition_id, node_id in set(nodes)
    }


def user_tasks(session: Session) -> Options:
    """The user tasks of the newest process, by name."""
    try:
        definition = engine.queries.latest_definition(session, queries.PROCESS_KEY)
    except engine.DefinitionNotFound:
        return []
    nodes = [node_id for node_id, node in definition.nodes.items() if node.get("type") == "userTask"]
    return [(node_id, engine.queries.node_name(session, definition.id, node_id, language())) for node_id in nodes]


def headline(complaint: Complaint) -> str:
    """The agent's summary, else the beginning of the customer's words."""
    return title(complaint.summary, complaint.verbatim)


def title(summary: str | None, verbatim: str | None) -> str:
    """One line that tells what the case is about."""
    text = " ".join((summary or verbatim or "").split())
    return (text if len(text) <= 120 else f"{text[:119]}…") or _("Complaint not described yet")


def first_message(errors: FieldErrors) -> str:
    """The first refusal, for a flash."""
    return next((str(message) for messages in errors.errors.values() for message in messages), "")
