"""Messages and signals find their receivers through the subscription table, never through the workflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from engine.commands import ledger
from engine.commands.audit import audit
from engine.commands.model import BroadcastSignal, CorrelateMessage, Result, StartProcess
from engine.commands.projection import known
from engine.commands.saving import save
from engine.commands.start import start_definition
from engine.commands.starts import by_signal
from engine.commands.unit import executing, lock_instance, restore
from engine.commands.values import checked
from engine.context import now
from engine.errors import InstanceNotActive, MessageNotExpected
from engine.model import JobKind
from engine.store.tables import process_definition as pd
from engine.store.tables import subscription as sub


@dataclass(frozen=True, slots=True)
class Message:
    """A message on its way."""

    name: str
    correlation_key: str | None
    variables: Mapping[str, Any]
    actor: str
    instance_id: str | None = None
    business_key: str | None = None
    title: str = ""


def correlate(session: Session, command: CorrelateMessage) -> Result:
    """Exactly one receiver has the message, or it is kept until its time is over.

    Raises MessageNotExpected, BadVariables, BusinessKeyTaken (when it starts a process), ExecutionFailed.
    """
    message = Message(
        name=command.name,
        correlation_key=command.correlation_key,
        variables=checked(command.variables),
        actor=command.actor,
        instance_id=command.instance_id,
        business_key=command.business_key or command.correlation_key,
        title=command.title,
    )
    result = deliver(session, message)
    if result is not None:
        return result
    if command.buffer_for is None:
        raise MessageNotExpected(name=command.name, correlation_key=command.correlation_key)
    expires_at = now(session) + command.buffer_for
    return Result(job_id=_keep(session, message, expires_at), buffered=True)


def deliver(session: Session, message: Message) -> Result | None:
    """To the oldest subscription, else to a start event; None when nobody expects it."""
    while (row := subscribed(session, message)) is not None:
        result = _deliver_to(session, message, row)
        if result is not None:
            return result
    return None if message.instance_id else _start_by(session, message)


def subscribed(session: Session, message: Message) -> Row[Any] | None:
    """Who has waited for it longest (ix_subscription_kind_name_correlation_key, or ix_subscription_instance_id)."""
    query = select(sub).where(sub.c.kind == "message", sub.c.name == message.name).order_by(sub.c.id).limit(1)
    if message.instance_id is not None:
        query = query.where(sub.c.instance_id == message.instance_id)
    if message.correlation_key is not None or message.instance_id is None:
        query = query.where(sub.c.correlation_key == message.correlation_key)
    return session.connection().execute(query).first()


def _deliver_to(session: Session, message: Message, row: Row[Any]) -> Result | None:
    """None when the subscription went away while this command waited for the instance."""
    try:
        unit, state = lock_instance(session, row.instance_id, message.actor)
    except InstanceNotActive:
        if _gone(session, row):
            return None
        raise
    execution = restore(unit, state)
    rows = known(execution.waiting())
    if (row.task_id, row.name) not in rows.subscriptions:
        return None
    changes = {"name": row.name, **message.variables}
    unit.record(f"{row.kind}_received", row.node_id, row.task_id, changes)
    with executing(unit.instance_id):
        execution.deliver(row.task_id, row.name, dict(message.variables))
    created = save(unit, execution, rows)
    return Result(instance_id=unit.instance_id, business_key=unit.business_key, state=unit.state, created=created)


def _gone(session: Session, row: Row[Any]) -> bool:
    return session.connection().execute(select(sub.c.id).where(sub.c.id == row.id)).first() is None


def _start_by(session: Session, message: Message) -> Result | None:
    """The newest active version of a process whose start event waits for this message."""
    newest = (
        select(pd.c.key, func.max(pd.c.version).label("version"))
        .where(pd.c.state == "active")
        .group_by(pd.c.key)
        .subquery()
    )
    query: Select[Any] = (
        select(pd.c.id, pd.c.key, pd.c.start_messages)
        .join(newest, (pd.c.key == newest.c.key) & (pd.c.version == newest.c.version))
        .order_by(pd.c.key)
    )
    for row in session.connection().execute(query):
        if message.name in row.start_messages:
            command = StartProcess(
                actor=message.actor,
                business_key=message.business_key,
                title=message.title,
                variables=message.variables,
            )
            return start_definition(session, row, command, message=message.name)
    return None


def _keep(session: Session, message: Message, expires_at: datetime) -> int:
    values = ledger.entry(
        JobKind.MESSAGE,
        now(session),
        due_at=expires_at,
        topic=message.name,
        correlation_key=message.correlation_key,
        payload={"kind": "message", "variables": dict(message.variables), "actor": message.actor},
        expires_at=expires_at,
    )
    return ledger.add_one(session, values)


def broadcast(session: Session, command: BroadcastSignal) -> Result:
    """A person gives a signal. Raises BadVariables."""
    variables = checked(command.variables)
    audit(session, command, command.instance_id, command.name, {"variables": variables})
    signal(session, command.name, variables, None, only=command.instance_id)
    return Result(instance_id=command.instance_id)


def signal(
    session: Session, name: str, variables: Mapping[str, Any], source: str | None, *, only: str | None = None
) -> None:
    """One job per instance that waits for the signal, so that each moves in a transaction of its own."""
    query = select(sub.c.instance_id).distinct().where(sub.c.kind == "signal", sub.c.name == name)
    if only is not None:
        query = query.where(sub.c.instance_id == only)
    if source is not None:  # it has reached its own catchers already
        query = query.where(sub.c.instance_id != source)
    at = now(session)
    connection = session.connection()
    entries = [
        ledger.entry(
            JobKind.MESSAGE,
            at,
            instance_id=instance_id,
            topic=name,
            payload={"kind": "signal_delivery", "variables": dict(variables), "source": source},
        )
        for instance_id in connection.scalars(query.order_by(sub.c.instance_id)).all()
    ]
    if only is None:
        entries += by_signal(session, name, variables)
    ledger.add(session, connection, entries)


def deliver_signal(session: Session, instance_id: str, name: str, variables: Mapping[str, Any], actor: str) -> None:
    """Every subscription of the instance to the signal receives it; none left is no fault."""
    query = select(sub).where(sub.c.instance_id == instance_id, sub.c.kind == "signal", sub.c.name == name)
    message = Message(name=name, correlation_key=None, variables=variables, actor=actor, instance_id=instance_id)
    for row in session.connection().execute(query.order_by(sub.c.id)).all():
        _deliver_to(session, message, row)
