"""What the engine's events and jobs make absences do: tell who stands in, move tasks at the beginning and the end."""

from __future__ import annotations

from sqlalchemy.orm import Session

import engine
from app.absences import service
from app.notifications import service as notices
from app.notifications.wording import NoticeWording, add_notice


def N_(msgid: str) -> str:
    """Mark an English text for translation when the notice is read."""
    return msgid


def register(handlers: engine.HandlerRegistry) -> None:
    """Serve the jobs and make the notice known."""
    handlers.register_work(service.BEGIN, service.begin)
    handlers.register_work(service.END, service.end)
    handlers.register_work(service.MOVE, service.move)
    text = N_("%(actor)s is away, and you stand in for %(task)s: %(business_key)s")
    add_notice(NoticeWording("absence.task", text, "info", "inbox"))


def on_event(session: Session, event: engine.Event) -> None:
    """Engine listener: whoever gets a new task for an absent person is told."""
    if not isinstance(event, engine.TaskCreated) or event.task.on_behalf_of is None or event.task.assignee is None:
        return
    task = event.task
    facts = {
        "task": task.name,
        "node_id": task.node_id,
        "definition_id": task.definition_id,
        "business_key": task.business_key or "",
        "actor": task.on_behalf_of,
    }
    link = f"/inbox/tasks/{task.id}"
    notices.notify(session, [event.task.assignee], "absence.task", facts, link=link, dedupe_key=f"absence:{task.id}")
