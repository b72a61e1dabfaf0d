"""Ten thousand leads that sleep for months: what a worker pays for a minute of them, and their timers due all at once.

One lead is captured, qualified and put to sleep through the application. The others are its rows under other numbers:
instance with its state, tasks, timers, history, the lead itself, who has it and its horizon. How the rate compares with
the floor is the section "timers": a lead's boundary also writes its horizon and sends its material.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psutil  # type: ignore[import-untyped]  # publishes no types
from flask import Flask
from sqlalchemy import Connection, Table, func, insert, or_, select

import engine
from app.db import Database
from app.leads.models import Lead, LeadHorizon, LeadOwner
from benchmarks.company import company
from benchmarks.databases import url_of
from benchmarks.population import settle
from benchmarks.scale import Scale
from engine.tables import history_event, job, process_instance, subscription, user_task, user_task_candidate
from tests.support.application import database_of, drain
from tests.support.leads import Leads

NAME = "leads_10000"
DAYS, BOUNDARY = 365, timedelta(days=185, hours=12)
"""The purchase is a year away: six months are reached after 185 days."""
BATCH = 500
COPIES = "LEAD-2099-"
WARM_SECONDS = 5
UUID = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
OF_INSTANCE: tuple[Table, ...] = (user_task, job, subscription, history_event)
OF_LEAD: tuple[Any, ...] = (LeadOwner.__table__, LeadHorizon.__table__)
Rows = list[tuple[Any, list[dict[str, Any]]]]


def leads(backend: str, scale: Scale) -> dict[str, float]:
    """Processor seconds of an idle worker beside sleeping leads and without, and leads per second over the boundary."""
    clock = engine.VirtualClock(engine.SystemClock().now())
    with company(backend, clock) as app:
        database, people = database_of(app), Leads(app, clock).alone()
        asleep = people.qualified(DAYS)
        without = _idle_worker(app, scale.idle_seconds)
        _copy(database, asleep, scale.leads)
        settle(database)
        beside = _idle_worker(app, scale.idle_seconds)
        seconds = _all_at_once(database, clock, asleep, scale.leads)
        figures = {
            "leads": scale.leads,
            "worker_cpu_seconds_per_minute": beside,
            "worker_cpu_seconds_per_minute_more": beside - without,
            "due_at_once_per_second": (scale.leads + 1) / seconds,
        }
        return {f"{backend}.{NAME}.{name}": value for name, value in figures.items()}


def _idle_worker(app: Flask, seconds: float) -> float:
    """What ``keliu worker`` uses of a processor in a minute in which nothing is due; its start is not counted."""
    environment = os.environ | {
        "KELIU_DATABASE_URL": url_of(database_of(app)),
        "KELIU_SECRET_KEY": "b" * 48,
        "KELIU_DATA": str(app.extensions["keliu.settings"].data),
    }
    command = [sys.executable, "-c", "from app.cli import main; main()", "worker"]
    worker = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        time.sleep(WARM_SECONDS)
        before = psutil.Process(worker.pid).cpu_times()
        time.sleep(seconds)
        after = psutil.Process(worker.pid).cpu_times()
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(timeout=30)
    return float(after.user + after.system - before.user - before.system) * 60 / seconds


def _all_at_once(database: Database, clock: engine.VirtualClock, model: str, count: int) -> float:
    """Seconds until every lead has gone over its boundary, which all reach in the same minute. Each does it once."""
    clock.set(clock.now() + BOUNDARY)
    began = time.perf_counter()
    drain(database)
    seconds = time.perf_counter() - began
    horizon, number = LeadHorizon.horizon, LeadHorizon.number
    crowd = or_(number == model, number.like(f"{COPIES}%"))
    entered = select(func.count()).where(crowd, horizon == "six_months").group_by(number)
    with database.read() as session:
        times = session.scalars(entered).all()
    assert set(times) == {1}, "a lead went over its boundary twice"
    assert len(times) == count + 1, "a lead stayed behind"
    return seconds


def _copy(database: Database, number: str, count: int) -> None:
    """``count`` more leads like this one."""
    with database.engine.connect() as connection:
        model = list(_rows_of(connection, number))
    for first in range(0, count, BATCH):
        rows: dict[int, list[dict[str, Any]]] = {}
        for new in range(first, min(first + BATCH, count)):
            names: dict[bytes, bytes] = {number.encode(): f"{COPIES}{new:06}".encode()}
            for place, (_, found) in enumerate(model):
                rows.setdefault(place, []).extend(_renamed(row, names) for row in found)
        with database.engine.begin() as connection:
            for place, copies in rows.items():
                connection.execute(insert(model[place][0]), copies)


def _rows_of(connection: Connection, number: str) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    """Everything there is about a lead, table by table, without the numbers the database gives."""
    lead: Any = Lead.__table__
    yield lead, _found(connection, lead, lead.c.number == number)
    instance = select(process_instance.c.id).where(process_instance.c.business_key == number).scalar_subquery()
    yield process_instance, _found(connection, process_instance, process_instance.c.id == instance)
    for table in OF_INSTANCE:
        yield table, _found(connection, table, table.c.instance_id == instance)
    tasks = select(user_task.c.id).where(user_task.c.instance_id == instance)
    candidate = user_task_candidate
    yield candidate, _found(connection, candidate, candidate.c.task_id.in_(tasks))
    for table in OF_LEAD:
        yield table, _found(connection, table, table.c.number == number)


def _found(connection: Connection, table: Any, which: Any) -> list[dict[str, Any]]:
    rows = connection.execute(select(table).where(which)).mappings()
    serial = [column.name for column in table.primary_key if column.type.python_type is int]
    return [{name: value for name, value in row.items() if name not in serial} for row in rows]


def _renamed(value: Any, names: dict[bytes, bytes]) -> Any:
    """The same under other ids and another number; ``names`` keeps which became which."""
    if isinstance(value, bytes):
        return _other(value, names)
    if isinstance(value, str):
        return _other(value.encode(), names).decode()
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    if isinstance(value, dict):
        return {key: _renamed(item, names) for key, item in value.items()}
    return value


def _other(text: bytes, names: dict[bytes, bytes]) -> bytes:
    for old, new in list(names.items())[:1]:  # the number; ids follow
        text = text.replace(old, new)
    return UUID.sub(lambda found: names.setdefault(found[0], str(uuid.uuid4()).encode()), text)
