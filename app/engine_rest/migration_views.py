"""``/migration``: plans and their execution. For holders of ``instance.repair``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import jsonify
from flask.typing import ResponseReturnValue

import engine
from app import db
from app.engine_rest import requests, selection
from app.engine_rest.batch_views import REPAIR, begin
from app.engine_rest.context import blueprint, visible_definition
from app.engine_rest.errors import BadRequest
from app.engine_rest.modification_views import reason_of
from app.security import current, requires
from engine import findings


@dataclass(frozen=True, slots=True)
class Plan:
    """From which version to which, node by node."""

    source: str
    target: str
    mapping: Mapping[str, str]
    updates: frozenset[str]
    variables: Mapping[str, Any]


@blueprint.post("/migration/generate")
@requires(REPAIR)
@db.without_unit_of_work  # it only asks
def generate_migration_plan() -> ResponseReturnValue:
    """A plan that maps every node to the one of the same id and kind."""
    given = requests.body()
    source, target = _definitions(given)
    updates = requests.flag(given, "updateEventTriggers")
    nodes = engine.queries.definition(db.session(), source).nodes
    mapping = engine.generate_plan(db.session(), source, target)
    lines = [_line(old, new, updates and "vent" in str(nodes[old]["type"])) for old, new in mapping.items()]
    variables = given.get("variables")
    return jsonify(
        sourceProcessDefinitionId=source, targetProcessDefinitionId=target, instructions=lines, variables=variables
    )


@blueprint.post("/migration/validate")
@requires(REPAIR)
@db.without_unit_of_work  # it only asks
def validate_migration_plan() -> ResponseReturnValue:
    """What is wrong with a plan; an empty report when nothing is."""
    return jsonify(_report(_plan(requests.body())))


@blueprint.post("/migration/execute")
@requires(REPAIR)
def migrate_instances() -> ResponseReturnValue:
    """Migrate instances, all or none."""
    plan, given = _planned(requests.body())
    for one in selection.instances(given, definition_id=plan.source):
        engine.execute(db.session(), _command(one, plan, reason_of(given)))
    return "", 204


@blueprint.post("/migration/executeAsync")
@requires(REPAIR)
def migrate_instances_later() -> ResponseReturnValue:
    """The same as a batch. A plan that can't be right is refused at once."""
    plan, given = _planned(requests.body())
    found = engine.check_plan(db.session(), plan.source, plan.target, plan.mapping)
    if found:
        raise engine.PlanRefused(found)
    subjects = selection.instances(given, definition_id=plan.source)
    return begin(_command("", plan, reason_of(given)), subjects, reason_of(given))


def _line(source: str, target: str, update: bool) -> dict[str, Any]:
    return {"sourceActivityIds": [source], "targetActivityIds": [target], "updateEventTrigger": update}


def _planned(given: Mapping[str, Any]) -> tuple[Plan, Mapping[str, Any]]:
    plan = given.get("migrationPlan")
    if not isinstance(plan, dict):
        raise BadRequest("migration plan is null")
    return _plan(plan), given


def _plan(given: Mapping[str, Any]) -> Plan:
    """A plan of a body. Raises :class:`BadRequest`."""
    source, target = _definitions(given)
    lines = given.get("instructions")
    if not isinstance(lines, list) or not all(isinstance(one, dict) for one in lines):
        raise BadRequest("'instructions' must be a list of instructions")
    pairs = [(*_pair(one), requests.flag(one, "updateEventTrigger")) for one in lines]
    if len({old for old, _, _ in pairs}) < len(pairs):
        raise BadRequest("There are multiple mappings for one source activity id")
    mapping = {old: new for old, new, _ in pairs}
    updates = frozenset(old for old, _, update in pairs if update)
    return Plan(source, target, mapping, updates, requests.variables(given))


def _pair(line: Mapping[str, Any]) -> tuple[str, str]:
    sides = [requests.texts(line, name) for name in ("sourceActivityIds", "targetActivityIds")]
    if any(len(side) != 1 for side in sides):
        raise BadRequest("Exactly one source and one target activity id are expected in an instruction")
    return sides[0][0], sides[1][0]


def _definitions(given: Mapping[str, Any]) -> tuple[str, str]:
    names = ("sourceProcessDefinitionId", "targetProcessDefinitionId")
    source, target = (visible_definition(str(requests.text(given, name, required=True))).id for name in names)
    return source, target


def _report(plan: Plan) -> dict[str, Any]:
    failures: dict[str, list[str]] = {}
    for found in engine.check_plan(db.session(), plan.source, plan.target, plan.mapping):
        failures.setdefault(str(found.element), []).append(findings.word(found, "en"))
    reports = [
        {"instruction": _line(node, plan.mapping[node], node in plan.updates), "failures": words}
        for node, words in failures.items()
    ]
    return {"instructionReports": reports, "variableReports": {}}


def _command(instance_id: str, plan: Plan, reason: str) -> engine.MigrateInstance:
    return engine.MigrateInstance(
        instance_id=instance_id,
        source_definition_id=plan.source,
        target_definition_id=plan.target,
        mapping=plan.mapping,
        update_timers=plan.updates,
        variables=plan.variables,
        reason=reason,
        actor=current().login,
    )
