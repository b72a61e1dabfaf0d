"""Test runs: begun, carried on, taken back, begun again, closed. Each in transactions of its own, for a test run takes
as long as it takes and nobody may wait for it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import current_app
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

import engine
from app.business_objects import BusinessObjects
from app.db import Database
from app.errors import Busy, FieldErrors, NotAllowedHere, NotVisible
from app.registries import Registries
from app.sandbox import filling, passing, running, world
from app.sandbox.models import Sandbox, SandboxState
from app.sandbox.passing import Stop
from app.sandbox.steps import MOST_STEPS, Step
from app.sandbox.world import World

LIFETIME = timedelta(days=7)
"""After that a test run nobody touched is deleted."""
MOST = 4
"""Of one designer: the one touched least recently makes room."""
STATES = 12
"""That one can go back to."""
FORGETTING = "sandbox.forget_old"
EXTENSION = "keliu.registries"
log = structlog.get_logger("keliu.sandbox")


class Full(Exception):
    """The test run has done, or holds, as much as one may."""


class MovedOn(Exception):
    """Something was done in the test run since the page was made."""


class Broke(Exception):
    """Code that serves the process raised something it should not; ``kind`` names it."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.kind = type(error).__name__


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a scenario. ``done`` steps of ``total`` were done; ``error`` stopped it, if something did."""

    done: int
    total: int
    error: Exception | None


def begin(company: Database, owner: str, draft_id: int, process_key: str, files: Mapping[str, bytes]) -> int:
    """A fresh test run of these files in place of the one there was; its id.

    Raises :class:`engine.DeploymentRefused` when the files can't be deployed, Full when they are too much.
    """
    with company.read() as session:
        at = engine.now(session)
        with world.opened(None, at, engine.runtime(session)) as opened, _bounded():
            opened.database.write(lambda inside: filling.fill(inside, session, registries(), files, owner))
            content = world.kept(opened)

    def work(session: Session) -> int:
        mine = Sandbox.owner == owner
        forget(session, mine, Sandbox.draft_id == draft_id)
        latest = select(Sandbox.id).where(mine).order_by(Sandbox.updated_at.desc(), Sandbox.id.desc())
        forget(session, Sandbox.id.in_(session.scalars(latest.offset(MOST - 1)).all()))
        made = Sandbox(
            owner=owner,
            draft_id=draft_id,
            process_key=process_key,
            digest=digest_of(files),
            begins_at=at,
            at=at,
            steps=[],
            revision=1,
            created_at=at,
            updated_at=at,
        )
        session.add(made)
        session.flush()
        session.add(SandboxState(sandbox_id=made.id, number=0, at=at, content=content))
        look_again(session)
        return made.id

    return company.write(work)


def do(company: Database, sandbox: Sandbox, revision: int, step: Step) -> Stop:
    """One step more. Raises what :func:`app.sandbox.running.do` raises, and MovedOn, Full or Broke; then nothing of it
    is left."""
    if sandbox.revision != revision:
        raise MovedOn()
    if len(sandbox.steps) >= MOST_STEPS:
        raise Full()
    with company.read() as session:
        state, around = state_of(session, sandbox), engine.runtime(session)
    with world.opened(state, sandbox.at, around) as opened, _bounded():
        stop = _step(opened, sandbox, step)
        at, content = opened.clock.now(), world.kept(opened)
    company.write(lambda session: _keep(session, sandbox, [*sandbox.steps, step.as_json()], at, content))
    return stop


def replay(company: Database, sandbox: Sandbox, steps: Sequence[Step]) -> Replayed:
    """Do the steps of a scenario one after the other in a fresh test run, as far as they can be done."""
    with company.read() as session:
        state, around = state_of(session, sandbox), engine.runtime(session)
    done: list[Step] = []
    error: Exception | None = None
    ends = passing.Budget(jobs=1)
    with world.opened(state, sandbox.at, around) as opened:
        for step in steps:
            try:
                with _bounded():
                    _step(opened, sandbox, step)
            except REFUSALS as refused:
                error = refused
                break
            done.append(step)
            if ends.spent():
                error = Full()
                break
        at, content = opened.clock.now(), world.kept(opened)
    kept = [step.as_json() for step in done]
    company.write(lambda session: _keep(session, sandbox, kept, at, content))
    return Replayed(len(done), len(steps), error)


def undo(company: Database, sandbox: Sandbox, revision: int) -> None:
    """The test run is as it was before its last step. Raises MovedOn, or Full when that state is not kept."""
    if sandbox.revision != revision:
        raise MovedOn()

    def work(session: Session) -> None:
        last = len(sandbox.steps)
        before = session.get(SandboxState, (sandbox.id, last - 1))
        if before is None:
            raise Full()
        _move(session, sandbox, {"steps": list(sandbox.steps[:-1]), "at": before.at})
        of_last = (SandboxState.sandbox_id == sandbox.id, SandboxState.number == last)
        session.execute(delete(SandboxState).where(*of_last))

    company.write(work)


def close(company: Database, owner: str, draft_id: int) -> None:
    """The test run is gone."""
    company.write(lambda session: forget(session, Sandbox.owner == owner, Sandbox.draft_id == draft_id))


def forget(session: Session, *which: ColumnElement[bool]) -> None:
    """Delete these test runs with their states."""
    ids = select(Sandbox.id).where(*which)
    session.execute(delete(SandboxState).where(SandboxState.sandbox_id.in_(ids)))
    session.execute(delete(Sandbox).where(*which))


def look_again(session: Session) -> None:
    """Within a day somebody looks for old test runs. Saying so again changes nothing."""
    due = engine.now(session) + timedelta(days=1)
    engine.execute(session, engine.AddWork(topic=FORGETTING, due_at=due, dedupe_key=f"{FORGETTING}:{due:%Y-%m-%d}"))


def found(session: Session, owner: str, draft_id: int) -> Sandbox | None:
    """The test run of a designer for a draft (uq_sandbox_owner_draft_id)."""
    return session.scalars(select(Sandbox).where(Sandbox.owner == owner, Sandbox.draft_id == draft_id)).one_or_none()


def state_of(session: Session, sandbox: Sandbox) -> bytes:
    """Its database as it is now."""
    latest = select(SandboxState.content).where(SandboxState.sandbox_id == sandbox.id)
    return bytes(session.scalars(latest.order_by(SandboxState.number.desc()).limit(1)).one())


def oldest_state(session: Session, sandbox: Sandbox) -> int:
    """After how many steps the oldest state is that one can go back to."""
    return session.scalar(select(func.min(SandboxState.number)).where(SandboxState.sandbox_id == sandbox.id)) or 0


def digest_of(files: Mapping[str, bytes]) -> str:
    """Of names and contents, whatever their order."""
    both = hashlib.sha256()
    for name in sorted(files):
        both.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(files[name]).digest())
    return both.hexdigest()


def registries() -> Registries:
    """What the slices of this application registered."""
    known: Registries = current_app.extensions[EXTENSION]
    return known


def objects() -> BusinessObjects:
    """The business objects of this application."""
    return registries().business_objects


def _keep(session: Session, sandbox: Sandbox, steps: list[dict[str, Any]], at: datetime, content: bytes) -> None:
    """The state after these steps; raises MovedOn when somebody did something in between."""
    _move(session, sandbox, {"steps": steps, "at": at})
    number = len(steps)
    session.add(SandboxState(sandbox_id=sandbox.id, number=number, at=at, content=content))
    old = (SandboxState.sandbox_id == sandbox.id, SandboxState.number <= number - STATES)
    session.execute(delete(SandboxState).where(*old))


def _move(session: Session, sandbox: Sandbox, values: dict[str, Any]) -> None:
    same = (Sandbox.id == sandbox.id, Sandbox.revision == sandbox.revision)
    now = {"revision": sandbox.revision + 1, "updated_at": engine.now(session)}
    if session.execute(update(Sandbox).where(*same).values(**values, **now)).rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE has a row count
        raise MovedOn()


REFUSALS = (FieldErrors, NotAllowedHere, NotVisible, engine.EngineError, Full, Broke)


@contextmanager
def _bounded() -> Iterator[None]:
    """What runs here is somebody's draft: whatever it raises is something to show."""
    try:
        yield
    except (*REFUSALS, Busy):
        raise
    except OperationalError as error:
        if "full" not in str(error.orig):
            raise
        raise Full() from error
    except Exception as error:
        log.warning("test_run_broke", error=repr(error), exc_info=True)
        raise Broke(error) from error


def _step(opened: World, sandbox: Sandbox, step: Step) -> Stop:
    return running.do(opened, step, sandbox.process_key, sandbox.begins_at, objects())
