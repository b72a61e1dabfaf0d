"""Who asked for something that only people with special rights may do is in the audit log."""

from __future__ import annotations

import structlog
from flask import request
from sqlalchemy.exc import DBAPIError

import app.db as db
import engine
from app.errors import Busy
from app.security import current

AUDITED = frozenset(
    {"instance.repair", "instance.cancel", "job.execute", "task.reassign", "process.deploy", "monitor.view"}
)
"""Permissions whose use is in the audit log: so is asking without them."""
log = structlog.get_logger(__name__)


def keep(permission: str) -> None:
    """The refusal of this request is in the audit log, in a transaction of its own. Never raises: whoever may not is
    refused even while the database is busy."""
    principal = current()
    if permission not in AUDITED or not principal.signed_in:
        return
    about = {**request.args.to_dict(), **(request.view_args or {})}
    command = engine.RecordRefusal(
        permission=permission,
        asked=f"{request.method} {request.path}",
        instance_id=str(about.get("instance_id") or "") or None,
        actor=principal.login,
    )
    try:
        db.own_transaction(lambda session: engine.execute(session, command))
    except (Busy, DBAPIError):
        log.warning("refusal_not_kept", permission=permission, path=request.path, login=principal.login)
