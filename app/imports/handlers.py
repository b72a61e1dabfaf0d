"""The worker's side of an import: one chunk of rows per job, the next job in the same transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask
from flask_babel import force_locale
from sqlalchemy.orm import Session

from app.imports import service
from app.imports.models import ImportRun, RunState
from app.imports.targets import ImportTargets
from app.security.identity import security
from app.security.principal import impersonate

if TYPE_CHECKING:
    from engine import HandlerRegistry, WorkCall


def register(app: Flask, handlers: HandlerRegistry, targets: ImportTargets) -> None:
    """Serve the work jobs that :func:`app.imports.service.schedule` adds."""

    def run_chunk(session: Session, work: WorkCall) -> None:
        with app.app_context():
            advance_as_owner(session, int(work.payload["run_id"]), targets)

    handlers.register_work(service.WORK, run_chunk)


def advance_as_owner(session: Session, run_id: int, targets: ImportTargets) -> None:
    """Take over one chunk with the rights and in the language of whoever started the run."""
    run = session.get_one(ImportRun, run_id)
    target = targets.get(run.target)
    owner = security().load(session, run.created_by)
    if run.state != RunState.RUNNING.value:
        return
    if target is None or owner is None or not owner.has(target.permission):
        service.cancel(session, run)  # the person left or lost the right since: nothing more comes in by this name
        return
    impersonate(owner)
    with force_locale(run.language):
        service.advance(session, run_id, target, owner)
    if run.state == RunState.RUNNING.value:
        service.schedule(session, run)
