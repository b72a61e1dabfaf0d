"""The one choke point: every change of an instance, a deployment or a job goes through :func:`execute`."""

from __future__ import annotations

import logging

from sqlalchemy.orm import Session

from engine.commands import HANDLERS, Command, Result
from engine.commands.jobs import record_incident
from engine.context import Doorbell, Runtime, SilentBell, UnitOfWork, now, runtime
from engine.errors import EngineError
from engine.limits import Limits

__all__ = [
    "Doorbell",
    "Limits",
    "Runtime",
    "SilentBell",
    "UnitOfWork",
    "execute",
    "now",
    "record_incident",
    "runtime",
]

log = logging.getLogger("engine")


def execute(session: Session, command: Command) -> Result:
    """Run a command in the caller's transaction; never commits.

    Raises an :class:`engine.EngineError` that carries the command as ``error.command``; the caller then rolls back,
    and nothing of the command is left.
    """
    if log.isEnabledFor(logging.DEBUG):
        instance_id = getattr(command, "instance_id", None)
        log.debug("executing", extra={"command": type(command).__name__, "instance_id": instance_id})
    try:
        return HANDLERS[type(command)](session, command)
    except EngineError as error:
        error.command = command  # of nested commands the outermost: it is what can be run again
        raise
