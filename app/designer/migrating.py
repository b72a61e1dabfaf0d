"""Taking running instances from one version to another: the mapping, whom it is for, a rehearsal, the batch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

import engine
from app.designer import effects, overview
from app.designer.diff import words
from app.web import wording
from app.web.i18n import language
from engine import findings
from engine.tables import process_instance

LISTED = 200
"""Instances that are shown to be ticked, and that a rehearsal looks at."""
MOST = 100_000
PASSED = frozenset({"exclusiveGateway", "startEvent"})
"""Nobody stands there."""


@dataclass(frozen=True, slots=True)
class Plan:
    """From which version to which, node by node. ``timers``: compute every timer anew in the new version."""

    source: engine.DefinitionRow
    target: engine.DefinitionRow
    mapping: Mapping[str, str]
    timers: bool = False

    def command(self, instance_id: str, reason: str, actor: str) -> engine.MigrateInstance:
        """The order for one instance."""
        events = (one for one in self.mapping if "vent" in str(self.source.nodes[one]["type"]))
        return engine.MigrateInstance(
            instance_id=instance_id,
            source_definition_id=self.source.id,
            target_definition_id=self.target.id,
            mapping=self.mapping,
            update_timers=frozenset(events) if self.timers else frozenset(),
            reason=reason,
            actor=actor,
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One node of the old version and where it goes."""

    node: str
    name: str
    kind: str
    standing: int
    target: str
    options: tuple[tuple[str, str], ...]
    problems: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether it goes where it was, with nothing to say about it."""
        return self.target == self.node and not self.problems


@dataclass(frozen=True, slots=True)
class Instance:
    """A running instance, by its number only: a designer sees no customer."""

    id: str
    key: str
    started_at: datetime
    stands_at: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What migrating one instance would do; empty ``problems``: it works."""

    instance: Instance
    problems: tuple[str, ...]
    ends: tuple[str, ...]
    begins: tuple[str, ...]


# the mapping
def generated(session: Session, source: engine.DefinitionRow, target: engine.DefinitionRow) -> Plan:
    """Every node goes to the one of the same id, kind and place."""
    return Plan(source, target, engine.generate_plan(session, source.id, target.id))


def chosen(plan: Plan, wanted: Mapping[str, str], *, timers: bool) -> Plan:
    """The plan with what somebody chose instead; a node chosen to go nowhere is not mapped."""
    mapping = {
        node: wanted.get(node, plan.mapping.get(node, ""))
        for node in plan.source.nodes
        if wanted.get(node, plan.mapping.get(node, ""))
    }
    return Plan(plan.source, plan.target, mapping, timers)


def lines(session: Session, plan: Plan) -> tuple[Line, ...]:
    """The mapping as a table: what needs a look first."""
    wrong: dict[str, list[str]] = {}
    for finding in engine.check_plan(session, plan.source.id, plan.target.id, plan.mapping):
        wrong.setdefault(str(finding.element), []).append(findings.word(finding, language()))
    standing = effects.standing(session, plan.source.id)
    found = [
        _line(plan, node, standing.get(node, 0), tuple(wrong.get(node, ())))
        for node in plan.source.nodes
        if node in plan.mapping or plan.source.nodes[node]["type"] not in PASSED
    ]
    return tuple(sorted(found, key=lambda line: (line.same, -line.standing)))


def _line(plan: Plan, node: str, standing: int, problems: tuple[str, ...]) -> Line:
    kind = str(plan.source.nodes[node]["type"])
    options = tuple(
        (one, name_of(plan.target, one)) for one, other in plan.target.nodes.items() if other["type"] == kind
    )
    target = plan.mapping.get(node, "")
    return Line(node, name_of(plan.source, node), words.term(kind), standing, target, options, problems)


def name_of(row: engine.DefinitionRow, node: str) -> str:
    """What a node is called in the reader's language."""
    found = row.nodes.get(node, {})
    return str((found.get("name_en") if language() == "en" else None) or found.get("name") or node)


# whom it is for
def instances(session: Session, row: engine.DefinitionRow, among: Sequence[str] | None = None) -> tuple[Instance, ...]:
    """Running instances of a version (of a list), the oldest first (ix_process_instance_definition_id_state)."""
    column = process_instance.c
    query = select(column.id, column.business_key, column.started_at).where(*_running(row))
    if among is not None:
        query = query.where(column.id.in_(among))
    found = session.execute(query.order_by(column.started_at, column.id).limit(LISTED)).all()
    places = effects.places(session, row.id, [one.id for one in found])
    return tuple(
        Instance(
            one.id,
            one.business_key or one.id[:8],
            one.started_at,
            tuple(name_of(row, node) for node in places.get(one.id, ())),
        )
        for one in found
    )


def ids(session: Session, row: engine.DefinitionRow, *, at: str = "", among: Iterable[str] | None = None) -> list[str]:
    """The running instances of a version: all, those that stand at a node, or those of a list."""
    query = select(process_instance.c.id).where(*_running(row)).order_by(process_instance.c.id).limit(MOST)
    if at:
        query = query.where(process_instance.c.id.in_(effects.standing_at(row.id, at)))
    if among is not None:
        query = query.where(process_instance.c.id.in_(sorted(among)))
    return list(session.scalars(query))


def _running(row: engine.DefinitionRow) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return process_instance.c.definition_id == row.id, process_instance.c.state.in_(overview.OPEN)


# doing it
def rehearse(session: Session, plan: Plan, subjects: Sequence[str], actor: str) -> tuple[Rehearsed, ...]:
    """What would become of each of the first instances. Nothing is changed; the session must be one that may write."""
    found = instances(session, plan.source, subjects[:LISTED])
    return tuple(_rehearsed(session, plan, one, actor) for one in found)


def _rehearsed(session: Session, plan: Plan, instance: Instance, actor: str) -> Rehearsed:
    try:
        found = engine.rehearse(session, instance.id, plan.command(instance.id, "rehearsal", actor))
    except engine.PlanRefused as refused:
        return Rehearsed(instance, tuple(findings.word(one, language()) for one in refused.findings), (), ())
    except engine.EngineError as error:
        return Rehearsed(instance, (wording.engine_words(error).message,), (), ())
    return Rehearsed(
        instance,
        (),
        tuple(name_of(plan.source, task.node_id) for task in found.gone.tasks),
        tuple(name_of(plan.target, task.node_id) for task in found.new.tasks),
    )


def start(session: Session, plan: Plan, subjects: Sequence[str], reason: str, actor: str, request_key: str) -> int:
    """The batch that migrates them, one transaction each. Raises engine.PlanRefused for a mapping that can't be right,
    engine.BatchRefused for nobody or too many."""
    wrong = engine.check_plan(session, plan.source.id, plan.target.id, plan.mapping)
    if wrong:
        raise engine.PlanRefused(wrong)
    template = plan.command("", reason, actor)
    order = engine.StartBatch(
        template=template, subjects=tuple(subjects), reason=reason, actor=actor, request_key=request_key or None
    )
    batch_id = engine.execute(session, order).batch_id
    assert batch_id is not None, "a batch has a number"
    return batch_id
