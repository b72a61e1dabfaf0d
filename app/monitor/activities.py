"""One process by its activities: where instances stand now, what is late or in trouble, how long the steps took."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import and_, func, select, union
from sqlalchemy.orm import Session

import engine
from app.monitor import measures, processes, sight, workload
from app.monitor.measures import NOTHING, Times, Which
from app.monitor.processes import Version
from app.monitor.sight import Sight
from app.process_names import step_name
from engine.tables import common, incident, job, process_instance, subscription, words

DAYS = 30
TASKS = ("userTask", "manualTask")
WAITING = ("serviceTask", "sendTask", "receiveTask", "intermediateCatchEvent", "callActivity", "businessRuleTask")
"""Besides tasks of people: activities at which an instance may stand. Boundary events wait beside their activity."""
SHADES = 5
NEWEST = 10


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity and its numbers. ``running``: open tasks; of other activities the instances that stand there.
    ``shade``: 1 (short) to 5 (long) by the median among the steps of the process; 0: nothing was measured."""

    node: str
    name: str
    is_task: bool
    running: int = 0
    overdue: int = 0
    risk: int = 0
    incidents: int = 0
    completed: int = 0
    times: Times = NOTHING
    looked_at: int = 0
    returned: int = 0
    shade: int = 0

    @property
    def returns(self) -> float | None:
        """Returned of those looked at, in percent with one decimal."""
        return measures.percent(self.returned, self.looked_at)


@dataclass(frozen=True, slots=True)
class ProcessPage:
    """A process, of one ``version`` or of all (None), and the definition whose diagram is shown."""

    key: str
    definition_id: str
    version: Version | None
    versions: Sequence[Version]
    activities: Sequence[Activity]

    @property
    def offered(self) -> Sequence[Version]:
        """The newest versions, those in which something runs, and the one shown."""
        shown = self.version.id if self.version else None
        return [row for index, row in enumerate(self.versions) if index < NEWEST or row.running or row.id == shown]


def load(session: Session, sees: Sight, key: str, version: str | None = None) -> ProcessPage:
    """The page of process ``key``. ``version``: a definition id of it. Raises ``engine.DefinitionNotFound``."""
    running = processes.running_by_version(session, sees, key)
    versions = [replace(row, running=running.get(row.id, 0)) for row in processes.versions(session, key)]
    if not versions:
        raise engine.DefinitionNotFound(process_key=key)
    chosen = next((row for row in versions if row.id == version), None)
    shown = chosen or versions[0]
    # The diagram's own nodes first; then those that only older versions with running instances have.
    found = [shown] if chosen else [shown, *(row for row in versions[1:] if row.running)]
    nodes: dict[str, tuple[str, str]] = {}
    for row in found:
        for node, kind in as_drawn(session, engine.queries.definition(session, row.id)):
            nodes.setdefault(node, (kind, row.id))
    activities = _activities(session, sees, Which(key, version), nodes)
    return ProcessPage(key, shown.id, chosen, versions, _shaded(activities))


def as_drawn(session: Session, definition: engine.DefinitionRow) -> list[tuple[str, str]]:
    """The nodes of a version and their BPMN types, in the order of its file: PostgreSQL keeps no order of keys."""
    xml = engine.queries.definition_xml(session, definition.id)
    places = {
        node: max(xml.find(f'id="{node}"'.encode()), xml.find(f"id='{node}'".encode())) for node in definition.nodes
    }
    return [
        (node, str(definition.nodes[node]["type"])) for node in sorted(places, key=lambda node: (places[node], node))
    ]


def _activities(session: Session, sees: Sight, which: Which, nodes: Mapping[str, tuple[str, str]]) -> list[Activity]:
    tasks = [node for node, (kind, _of) in nodes.items() if kind in TASKS]
    others = [node for node, (kind, _of) in nodes.items() if kind in WAITING]
    loads = workload.by_step(session, sees, which.process_key, which.version)
    troubled = _incidents(session, sees, which)
    _day, since = workload.day_before(session, DAYS)
    lately = replace(which, since=since)
    completed = measures.completed(session, sees, lately, tasks)
    standing = _standing(session, sees, which, others)
    names = {node: step_name(session, definition_id, node) for node, (_kind, definition_id) in nodes.items()}
    found = [_step(session, sees, which, Activity(node, names[node], True), loads.get(node)) for node in tasks]
    found += [
        Activity(node, names[node], False, running=standing.get(node, 0))
        for node in nodes
        if node not in tasks and (standing.get(node) or troubled.get(node))
    ]
    done = {node: row.count for node, row in completed.items()}
    return [replace(row, incidents=troubled.get(row.node, 0), completed=done.get(row.node, 0)) for row in found]


def _step(session: Session, sees: Sight, which: Which, step: Activity, load: workload.Load | None) -> Activity:
    looked_at, returned = measures.returns(session, sees, which, step.node)
    return replace(
        step,
        running=load.open if load else 0,
        overdue=load.overdue if load else 0,
        risk=load.risk if load else 0,
        times=measures.times(session, sees, which, step.node),
        looked_at=looked_at,
        returned=returned,
    )


def _of(which: Which, instance: Any = process_instance.c) -> Any:
    """Condition on ``process_instance``, from ix_process_instance_id_definition_key alone when joined by id."""
    # No index fits computed columns: SQLite looks the instances up by id.
    same = instance.definition_key + "" == which.process_key
    return same if which.version is None else and_(same, instance.definition_id + "" == which.version)


def _incidents(session: Session, sees: Sight, which: Which) -> dict[str, int]:
    """Open incidents by node (ix_incident_open_cause)."""
    same = (incident.c.instance_id == process_instance.c.id, sight.IS_TROUBLE, sees.troubled(), _of(which))
    counted = select(incident.c.node_id, func.count()).where(*same).group_by(incident.c.node_id)
    return {node: int(count) for node, count in session.execute(counted) if node is not None}


def _standing(session: Session, sees: Sight, which: Which, nodes: Collection[str]) -> dict[str, int]:
    """Instances that wait at activities that are no tasks of people: for a moment, a program, a message or a signal
    (ix_job_node_id_unfinished, ix_subscription_node_id_instance_id, ix_process_instance_id_definition_key). For those
    who count all instances only."""
    if not nodes or not sees.everything:
        return {}
    unfinished = common(words(job.c.state, *engine.UNFINISHED_JOBS))
    waiting = union(
        select(job.c.node_id, job.c.instance_id).where(job.c.node_id.in_(nodes), unfinished),
        select(subscription.c.node_id, subscription.c.instance_id).where(subscription.c.node_id.in_(nodes)),
    ).subquery()
    counted = select(waiting.c.node_id, func.count()).where(process_instance.c.id == waiting.c.instance_id, _of(which))
    return {node: int(count) for node, count in session.execute(counted.group_by(waiting.c.node_id))}


def _shaded(activities: Iterable[Activity]) -> list[Activity]:
    """Each step gets a shade by its median beside the longest one."""
    rows = list(activities)
    longest = max((row.times.median or 0 for row in rows), default=0)
    return [replace(row, shade=_shade(row.times.median, longest)) for row in rows]


def _shade(median: float | None, longest: float) -> int:
    if median is None:
        return 0
    return min(1 + int(SHADES * median / longest), SHADES) if longest else 1
