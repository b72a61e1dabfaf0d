"""What the inbox does when the engine moves on."""

from __future__ import annotations

from sqlalchemy.orm import Session

import engine
from app.formkit import drafts
from app.inbox import seen


def on_event(session: Session, event: engine.Event) -> None:
    """Engine listener: a task that is over keeps no drafts, and nobody who looked at it."""
    if isinstance(event, engine.TaskCompleted | engine.events.TaskCancelled):
        drafts.discard(session, event.task.id)
        seen.forget(session, event.task.id)
