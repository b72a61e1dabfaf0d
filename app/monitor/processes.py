"""All processes at a glance: what runs, what is late or in trouble, what has ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from app.monitor import sight, workload
from app.monitor.sight import Sight
from app.monitor.workload import Load
from app.process_names import process_name
from engine.tables import incident, process_definition, process_instance

WEEK, MONTH = 7, 30
NO_TASKS = Load("", 0, 0, 0, 0, None)


@dataclass(frozen=True, slots=True)
class Version:
    """A deployed version of a process and its numbers of now. ``running``: instances, suspended ones among them."""

    id: str
    key: str
    version: int
    active: bool
    running: int = 0
    suspended: int = 0
    incidents: int = 0
    tasks: Load = NO_TASKS


@dataclass(frozen=True, slots=True)
class Process:
    """A process: its versions, the newest first, their sums, and how many instances ended of late."""

    key: str
    name: str
    versions: Sequence[Version]
    week: int
    month: int

    @property
    def running(self) -> int:
        """Instances that have not ended."""
        return sum(one.running for one in self.versions)

    @property
    def suspended(self) -> int:
        """Instances that are suspended."""
        return sum(one.suspended for one in self.versions)

    @property
    def incidents(self) -> int:
        """Incidents nobody has resolved."""
        return sum(one.incidents for one in self.versions)

    @property
    def tasks(self) -> Load:
        """Open tasks."""
        rows = [one.tasks for one in self.versions]
        oldest = min((row.oldest for row in rows if row.oldest), default=None)
        return Load(
            key=self.key,
            open=sum(row.open for row in rows),
            overdue=sum(row.overdue for row in rows),
            risk=sum(row.risk for row in rows),
            today=sum(row.today for row in rows),
            oldest=oldest,
        )

    @property
    def at_work(self) -> Sequence[Version]:
        """The newest version and those in which something still runs."""
        return [one for index, one in enumerate(self.versions) if index == 0 or one.running or one.incidents]


def processes(session: Session, sees: Sight) -> list[Process]:
    """All deployed processes by name. Four statements whatever their number."""
    loads = workload.by_version(session, sees)
    running = _running(session) if sees.everything else {key: (count, 0) for key, (_load, count) in loads.items()}
    troubled, ended = _incidents(session, sees), _ended(session, sees)
    found: dict[str, list[Version]] = {}
    for row in versions(session):
        total, suspended = running.get(row.id, (0, 0))
        tasks, _instances = loads.get(row.id, (NO_TASKS, 0))
        one = Version(row.id, row.key, row.version, row.active, total, suspended, troubled.get(row.id, 0), tasks)
        found.setdefault(row.key, []).append(one)
    rows = [Process(key, process_name(session, of[0].id), of, *ended.get(key, (0, 0))) for key, of in found.items()]
    return sorted(rows, key=lambda row: (-row.running, row.name))


def versions(session: Session, key: str | None = None) -> list[Version]:
    """Deployed versions by key, the newest first, without numbers (uq_process_definition_key_version)."""
    definition = process_definition.c
    query = select(definition.id, definition.key, definition.version, definition.state)
    query = query.order_by(definition.key, definition.version.desc())
    if key is not None:
        query = query.where(definition.key == key)
    return [Version(row.id, row.key, row.version, row.state == "active") for row in session.execute(query)]


def running_by_version(session: Session, sees: Sight, process_key: str) -> Mapping[str, int]:
    """Instances of a process that have not ended, by definition id. For who counts only some tasks: the instances with
    such a task."""
    if sees.everything:
        return {key: total for key, (total, _suspended) in _running(session, process_key).items()}
    return workload.instances_by_version(session, sees, process_key)


def _running(session: Session, process_key: str | None = None) -> Mapping[str, tuple[int, int]]:
    """Instances that have not ended, and the suspended of them, by definition id
    (ix_process_instance_definition_id_state)."""
    instance, known = process_instance.c, select(process_definition.c.id)  # the first column of the index
    if process_key is not None:
        known = known.where(process_definition.c.key == process_key)
    suspended = func.sum(case((instance.state == "suspended", 1), else_=0))
    counted = select(instance.definition_id, func.count(), suspended)
    counted = counted.where(instance.definition_id.in_(known), sight.IS_RUNNING).group_by(instance.definition_id)
    return {row[0]: (int(row[1]), int(row[2])) for row in session.execute(counted)}


def _incidents(session: Session, sees: Sight) -> Mapping[str, int]:
    """Open incidents by definition id (ix_incident_open_cause)."""
    open_ones = and_(sight.IS_TROUBLE, sees.troubled())
    counted = select(incident.c.definition_id, func.count()).where(open_ones).group_by(incident.c.definition_id)
    return {key: int(count) for key, count in session.execute(counted) if key is not None}


def _ended(session: Session, sees: Sight) -> Mapping[str, tuple[int, int]]:
    """Instances that ended since the day seven and thirty days ago, by process; for those who count all of them only
    (ix_process_instance_definition_key_ended_at)."""
    if not sees.everything:
        return {}
    instance = process_instance.c
    _day, week_ago = workload.day_before(session, WEEK)
    _day, month_ago = workload.day_before(session, MONTH)
    known = instance.definition_key.in_(select(process_definition.c.key))  # the first column of the index
    week = func.sum(case((instance.ended_at >= week_ago, 1), else_=0))
    counted = select(instance.definition_key, week, func.count())
    counted = counted.where(known, instance.ended_at >= month_ago).group_by(instance.definition_key)
    return {row[0]: (int(row[1]), int(row[2])) for row in session.execute(counted)}
