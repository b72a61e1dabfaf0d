"""What an order would do: how many it fits, why not the others, and a true rehearsal for some of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

import engine
from app.confidential import hidden_names
from app.monitor.repair import orders, subjects
from app.monitor.repair.orders import INCIDENT, Order, Wanted
from app.monitor.repair.subjects import Found, Subject
from app.web import wording
from engine import JobKind

SAMPLES = 5
"""So many of many are rehearsed."""
SHOWN_SKIPPED = 20
SAFE_JOBS = (JobKind.SERVICE_TASK, JobKind.TIMER, JobKind.CALL, JobKind.MESSAGE)
"""What may be rehearsed: all it does is in the database. Work with a half outside of it is not tried."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One subject for which it was tried. ``problem``: why it would not work. Neither: nothing to be seen."""

    subject: Subject
    change: engine.Rehearsal | None = None
    problem: str = ""
    variables: Mapping[str, tuple[Any, Any]] | None = None
    """Those that would change and that this person may know."""
    tried: bool = False
    """Whether what had failed was tried and worked."""


@dataclass(frozen=True, slots=True)
class Preview:
    """``ready``: the ids it fits. ``skipped``: some of the others with the reason; ``reasons``: how many for each."""

    total: int
    capped: bool
    ready: tuple[Any, ...]
    reasons: tuple[tuple[str, int], ...]
    skipped: tuple[tuple[Subject, str], ...]
    samples: tuple[Sample, ...]

    @property
    def hopeless(self) -> bool:
        """Whether it would work for none of those that were tried."""
        return bool(self.samples) and all(sample.problem for sample in self.samples)


def look(session: Session, order: Order, wanted: Wanted, found: Found, actor: str) -> Preview:
    """Look without changing anything. The session must be able to write: what is tried is taken back."""
    why = subjects.unfit(session, order, wanted, found)
    ready = [one for one in found.subjects if one.id not in why]
    skipped = [(one, why[one.id]) for one in found.subjects if one.id in why]
    return Preview(
        total=len(found.subjects),
        capped=found.capped,
        ready=tuple(one.id for one in ready),
        reasons=tuple(Counter(why.values()).most_common()),
        skipped=tuple(skipped[:SHOWN_SKIPPED]),
        samples=tuple(_try(session, order, wanted, one, actor) for one in ready[:SAMPLES]),
    )


def _try(session: Session, order: Order, wanted: Wanted, one: Subject, actor: str) -> Sample:
    commands = list(_commands(session, order, wanted, one, actor))
    if one.instance_id is None or not commands:
        return Sample(one)
    try:
        change = engine.rehearse(session, one.instance_id, *commands)
    except engine.InstanceChanged:
        raise  # the entry point runs it again
    except engine.EngineError as refused:
        return Sample(one, problem=_words(refused))
    except Exception as failed:  # whatever a handler raises: it is what would become an incident again
        return Sample(one, problem=_("It would fail again: %(message)s", message=str(failed)[:300]))
    known = {k: v for k, v in change.variables.items() if k not in hidden_names(str(one.definition_id))}
    tried = any(isinstance(command, engine.RunJob) for command in commands)
    return Sample(one, change, variables=known, tried=tried)


def _words(refused: engine.EngineError) -> str:
    if isinstance(refused, engine.ExecutionFailed):
        return str(_("It would fail again: %(message)s", message=str(refused.facts.get("reason", ""))[:300]))
    return wording.engine_words(refused).message


def _commands(session: Session, order: Order, wanted: Wanted, one: Subject, actor: str) -> Any:
    """What is tried: the order, and for what failed the attempt that follows it."""
    if order.name == "resolve":
        return
    yield orders.command(order, wanted, actor, one.id)
    if order.about != INCIDENT or order.name == "skip" or one.job_id is None:
        return
    if engine.queries.job(session, one.job_id).kind in SAFE_JOBS:
        yield engine.RunJob(job_id=one.job_id, actor="system")
