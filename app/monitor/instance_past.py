"""What happened to an instance, and what people with special rights did to it, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.monitor.instance_variables import shown, without
from app.process_names import step_name
from app.web.filters import localtime
from app.web.i18n import language
from engine.tables import audit_log, task_comment

WORDS: Mapping[str, tuple[Any, str]] = {
    "instance_started": (_l("Instance started"), "plus"),
    "instance_ended": (_l("Instance ended"), "flag-2"),
    "instance_suspended": (_l("Suspended"), "player-pause"),
    "instance_resumed": (_l("Resumed"), "player-play"),
    "instance_migrated": (_l("Taken to another version"), "arrows-exchange"),
    "instance_modified": (_l("Tokens moved by hand"), "route"),
    "instance_restarted": (_l("Started again"), "rotate"),
    "task_created": (_l("Task created"), "circle-plus"),
    "task_claimed": (_l("Task claimed"), "hand-grab"),
    "task_released": (_l("Task given back"), "arrow-back-up"),
    "task_assigned": (_l("Task assigned"), "user-check"),
    "task_delegated": (_l("Task delegated"), "transfer"),
    "task_resolved": (_l("Delegated task came back"), "arrow-back-up"),
    "task_completed": (_l("Task completed"), "circle-check"),
    "task_completed_for": (_l("Task completed on behalf of somebody"), "user-check"),
    "task_cancelled": (_l("Task cancelled"), "circle-x"),
    "task_changed": (_l("Task changed"), "edit"),
    "candidates_changed": (_l("Offered to others"), "users"),
    "node_passed": (_l("Passed"), "chevron-right"),
    "decision_evaluated": (_l("Decided by table"), "table"),
    "timer_fired": (_l("Timer fired"), "clock"),
    "step_skipped": (_l("Step skipped"), "arrow-forward-up"),
    "timer_moved": (_l("Timer moved"), "calendar-time"),
    "timer_cancelled": (_l("Timer cancelled"), "circle-x"),
    "deadline_reached": (_l("Deadline reached"), "calendar-due"),
    "deadlines_recomputed": (_l("Deadlines computed anew"), "calendar-time"),
    "message_received": (_l("Message received"), "mail-opened"),
    "message_thrown": (_l("Message sent"), "send"),
    "signal_received": (_l("Signal received"), "bell"),
    "signal_thrown": (_l("Signal sent"), "bell-ringing"),
    "error_thrown": (_l("Business error"), "alert-triangle"),
    "escalation_thrown": (_l("Escalation"), "alert-triangle"),
    "call_started": (_l("Called process started"), "subtask"),
    "call_ended": (_l("Called process ended"), "subtask"),
    "variables_set": (_l("Variables changed by hand"), "pencil"),
    "clock_paused": (_l("The clock of a task stopped"), "player-pause"),
    "clock_continued": (_l("The clock of a task runs again"), "player-play"),
}
"""Kind of a line of history → what it is called, and its icon."""
QUIET = frozenset({"node_passed", "decision_evaluated", "task_created", "message_thrown", "signal_thrown"})
"""Left out unless all steps are wanted: what follows from the model, not from anybody."""
MOST_ENTRIES = 300
MOST_AUDITED = 100
MOST_COMMENTS = 100


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the timeline. ``values``: (name, text) of what was set; ``notes``: what else is known."""

    at: datetime
    title: str
    icon: str
    step: str
    who: str
    notes: tuple[str, ...]
    values: tuple[tuple[str, str], ...]
    called: str = ""
    """The instance that was called."""


@dataclass(frozen=True, slots=True)
class Audited:
    """Somebody with special rights did something. ``refused``: was not allowed to."""

    at: datetime
    who: str
    action: str
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said about a task."""

    at: datetime
    who: str
    text: str


def timeline(
    session: Session,
    instance: engine.InstanceRow,
    history: Sequence[engine.HistoryRow],
    secret: frozenset[str],
    *,
    everything: bool,
) -> tuple[list[Entry], int]:
    """What happened, the latest first, at most :data:`MOST_ENTRIES`; and how many lines are left out for that."""
    wanted = [row for row in history if everything or row.kind not in QUIET or _by_person(row)]
    listed = wanted[-MOST_ENTRIES:][::-1]
    logins = {row.actor for row in listed}
    logins |= {str(row.changes[name]) for row in listed for name in ("assignee", "previous") if row.changes.get(name)}
    people = accounts.display_names(session, logins, language())
    return [_entry(session, instance, row, people, secret) for row in listed], len(wanted) - len(listed)


def _by_person(row: engine.HistoryRow) -> bool:
    """Whether a quiet line tells something of people: a task created for somebody who stands in."""
    return row.kind == "task_created" and bool(row.changes)


def _entry(
    session: Session,
    instance: engine.InstanceRow,
    row: engine.HistoryRow,
    people: Mapping[str, str],
    secret: frozenset[str],
) -> Entry:
    title, icon = WORDS.get(row.kind, (row.kind, "circle-dot"))
    changes = without(row.changes, secret)
    sets = row.kind in ("instance_started", "task_completed", "node_passed", "variables_set")
    noted = NOTES.get(row.kind)
    return Entry(
        at=row.at,
        title=str(title),
        icon=icon,
        step=step_name(session, instance.definition_id, row.node_id) if row.node_id else "",
        who=people.get(row.actor, row.actor) if row.actor != "system" else str(_("by itself")),
        notes=tuple(note for note in (noted(changes, people) if noted else ()) if note),
        values=tuple((name, shown(value)) for name, value in changes.items()) if sets else (),
        called=str(changes.get("instance_id", "")) if row.kind in ("call_started", "call_ended") else "",
    )


Noted = Callable[[Mapping[str, Any], Mapping[str, str]], tuple[str, ...]]


def _reason(changes: Mapping[str, Any], _people: Mapping[str, str]) -> tuple[str, ...]:
    return (str(changes.get("reason") or ""),)


def _assigned(changes: Mapping[str, Any], people: Mapping[str, str]) -> tuple[str, ...]:
    new, old = changes.get("assignee"), changes.get("previous")
    to = _("to %(name)s", name=people.get(str(new), str(new))) if new else ""
    before = _("before: %(name)s", name=people.get(str(old), str(old))) if old else ""
    return to, before, str(changes.get("reason") or "")


def _named(changes: Mapping[str, Any], _people: Mapping[str, str]) -> tuple[str, ...]:
    return str(changes.get("name") or ""), str(changes.get("correlation_key") or "")


def _failed(changes: Mapping[str, Any], _people: Mapping[str, str]) -> tuple[str, ...]:
    return str(changes.get("code") or ""), str(changes.get("message") or "")


def _due(changes: Mapping[str, Any], _people: Mapping[str, str]) -> tuple[str, ...]:
    stages = {"reminder": _("reminder"), "overdue": _("overdue"), "escalation": _("escalation")}
    due = changes.get("due_at")
    moment = _("due %(time)s", time=localtime(datetime.fromisoformat(due))) if isinstance(due, str) else ""
    return stages.get(str(changes.get("stage")), ""), moment, str(changes.get("reason") or "")


def _decided(changes: Mapping[str, Any], _people: Mapping[str, str]) -> tuple[str, ...]:
    rows = [row for row in changes.get("rows", ()) if isinstance(row, dict)]
    why = (str(row.get(language()) or row.get("zh") or "") for row in rows)
    numbers = _(", ").join(str(row.get("number")) for row in rows)
    told = _("row %(numbers)s", numbers=numbers) if numbers else str(_("no row fitted"))
    return str(changes.get("decision") or ""), told, *why


def _migrated(changes: Mapping[str, Any], _people: Mapping[str, str]) -> tuple[str, ...]:
    return f"{changes.get('from')} → {changes.get('to')}", str(changes.get("reason") or "")


def _ended(changes: Mapping[str, Any], _people: Mapping[str, str]) -> tuple[str, ...]:
    cancelled = changes.get("state") == engine.InstanceState.CANCELLED
    return str(_("cancelled")) if cancelled else "", str(changes.get("reason") or "")


NOTES: Mapping[str, Noted] = {
    "instance_ended": _ended,
    "instance_suspended": _reason,
    "instance_resumed": _reason,
    "instance_migrated": _migrated,
    "instance_restarted": _reason,
    "task_created": _assigned,
    "task_claimed": _assigned,
    "task_released": _assigned,
    "task_assigned": _assigned,
    "task_delegated": _assigned,
    "task_resolved": _assigned,
    "decision_evaluated": _decided,
    "timer_fired": _due,
    "step_skipped": _reason,
    "timer_moved": _due,
    "timer_cancelled": _due,
    "deadline_reached": _due,
    "message_received": _named,
    "message_thrown": _named,
    "signal_received": _named,
    "signal_thrown": _named,
    "error_thrown": _failed,
    "escalation_thrown": _failed,
    "clock_paused": _reason,
}


def audited(session: Session, instance_id: str, secret: frozenset[str]) -> list[Audited]:
    """Entries of the audit log about the instance, the latest first (ix_audit_log_instance_id)."""
    log = audit_log.c
    query = select(log.at, log.actor, log.action, log.facts).where(log.instance_id == instance_id)
    rows = session.execute(query.order_by(log.id.desc()).limit(MOST_AUDITED)).all()
    people = accounts.display_names(session, {row.actor for row in rows}, language())
    actions = action_words()
    return [
        Audited(
            at=row.at,
            who=people.get(row.actor, row.actor),
            action=str(actions.get(row.action, row.action)),
            facts=tuple((name, shown(value)) for name, value in without(row.facts, secret).items() if value),
        )
        for row in rows
    ]


def action_words() -> dict[str, str]:
    """What commands in the audit log are called."""
    return {
        "AssignTask": _("Task assigned"),
        "ReleaseTask": _("Task given back"),
        "UpdateTask": _("Task changed"),
        "ChangeCandidates": _("Offered to others"),
        "CancelInstance": _("Instance cancelled"),
        "SuspendInstance": _("Instance suspended"),
        "ResumeInstance": _("Instance resumed"),
        "SetVariables": _("Variables changed by hand"),
        "SetTaskVariables": _("Variables changed by hand"),
        "ModifyInstance": _("Tokens moved by hand"),
        "MigrateInstance": _("Taken to another version"),
        "RestartInstance": _("Started again"),
        "RetryJob": _("Tried again"),
        "RunJob": _("Brought forward"),
        "SetJobDue": _("Timer moved"),
        "CancelTimer": _("Timer cancelled"),
        "RetryIncident": _("Corrected and tried again"),
        "SkipStep": _("Step skipped"),
        "ResolveIncident": _("Incident resolved"),
        "AnnotateIncident": _("Note on an incident"),
        "SetRetries": _("Attempts set"),
        "DelegateTask": _("Task delegated"),
        "ResolveTask": _("Delegated task came back"),
        "PauseTask": _("The clock of a task stopped"),
        "ContinueTask": _("The clock of a task runs again"),
        "ThrowAtTask": _("Business error"),
        "RecordRefusal": _("Refused: the permission was missing"),
        "RecomputeDeadlines": _("Deadlines computed anew"),
    }


def comments(session: Session, instance_id: str) -> list[Comment]:
    """What people said about its tasks, the latest first (ix_task_comment_instance_id)."""
    said = task_comment.c
    query = select(said.created_at, said.author, said.message).where(said.instance_id == instance_id)
    rows = session.execute(query.order_by(said.id.desc()).limit(MOST_COMMENTS)).all()
    people = accounts.display_names(session, {row.author for row in rows}, language())
    return [Comment(row.created_at, people.get(row.author, row.author), row.message) for row in rows]
