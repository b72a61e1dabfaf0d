"""Lists in a company that has a hundred thousand open tasks and as many done: milliseconds of server time per page.

The rows are written directly: complaints with their instances, tasks, candidates and search words, as the engine and
the slices leave them. ``big`` is a person of a group that is offered two thirds of everything, ``small`` one of a group
that is offered a thousandth.
"""

from __future__ import annotations

import base64
import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert
from sqlalchemy.orm import Session

import engine
from app.complaints.models import Complaint
from app.complaints.queries import SEARCH_KIND
from app.db import search
from app.db.search import SearchEntry
from benchmarks.company import company
from benchmarks.scale import Scale
from engine.tables import process_instance, user_task, user_task_candidate
from tests.support.application import database_of, principal_of, signed_in
from tests.support.person import PASSWORD

BIG, SMALL = "li.na", "wei.ran"
BATCH = 5_000
PAGES: dict[str, str] = {
    "claim_page": "/inbox?box=claim",
    "claim_rows_live": "/inbox/rows?box=claim",
    "search_page": "/inbox?box=claim&q=宏远机械4711",
    "search_common_page": "/inbox?box=claim&q=宏远",
    "complaints_page": "/complaints",
    "rest_list": "/engine-rest/task?maxResults=50",
    "rest_list_sorted": "/engine-rest/task?maxResults=50&sortBy=dueDate&sortOrder=asc",
    "rest_count": "/engine-rest/task/count",
}


def lists(backend: str, scale: Scale) -> dict[str, float]:
    """Milliseconds of every page for both people."""
    figures: dict[str, float] = {}
    with company(backend, engine.VirtualClock(engine.SystemClock().now())) as app:
        _fill(app, scale.inbox_tasks)
        for who, login in (("big", BIG), ("small", SMALL)):
            client = signed_in(app, login)
            credentials = base64.b64encode(f"{login}:{PASSWORD}".encode()).decode()
            for name, path in PAGES.items():
                headers = {"Authorization": f"Basic {credentials}"} if path.startswith("/engine-rest") else {}
                figures[f"{backend}.inbox.{who}.{name}_ms"] = _usual(client, path, headers, scale.repeats)
    return figures


def _usual(client: FlaskClient, path: str, headers: dict[str, str], rounds: int) -> float:
    taken = []
    for _ in range(rounds + 1):
        before = perf_counter()
        answer = client.get(path, headers=headers)
        taken.append(perf_counter() - before)
        assert answer.status_code == 200, (path, answer.status, answer.text[:300])
    return median(taken[1:]) * 1_000


def _fill(app: Flask, tasks: int) -> None:
    """``tasks`` open and as many completed tasks, one per complaint."""
    database = database_of(app)
    with database.read() as session:
        definition = engine.queries.latest_definition(session, "complaint")
        at = engine.now(session)
    (group,) = principal_of(app, BIG).groups
    (rare,) = principal_of(app, SMALL).groups
    chance = random.Random(20261121)
    for first in range(0, 2 * tasks, BATCH):
        rows = [
            _case(number, number < tasks, definition.id, at, chance, group, rare)
            for number in range(first, first + BATCH)
        ]
        database.write(_writing(rows))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")


def _writing(cases: list[dict[str, dict[str, Any]]]) -> Callable[[Session], None]:
    tables: dict[str, Any] = {
        "instance": process_instance,
        "task": user_task,
        "candidate": user_task_candidate,
        "complaint": Complaint,
        "words": SearchEntry,
    }

    def write(session: Session) -> None:
        for name, table in tables.items():
            session.execute(insert(table), [case[name] for case in cases])

    return write


def _case(
    number: int, is_open: bool, definition_id: str, at: datetime, chance: random.Random, group: str, rare: str
) -> dict[str, dict[str, Any]]:
    draw = chance.random()
    offered_to = group if draw < 0.66 else rare if draw < 0.661 else f"group_{chance.randrange(40)}"
    created = at - timedelta(minutes=number % 100_000)
    key, task_id = f"CMP-2025-{number:06}", str(uuid.UUID(int=2 * number + 1))
    case = _Case(
        same={"definition_id": definition_id, "definition_key": "complaint", "business_key": key},
        instance_id=str(uuid.UUID(int=2 * number)),
        words=f"{key} 宏远机械{number} 包装破损",
        created=created,
        ended=None if is_open else created + timedelta(hours=2),
    )
    return {
        "instance": _instance(case),
        "task": _task(case, task_id),
        "candidate": {"task_id": task_id, "kind": "group", "name": offered_to},
        "complaint": _complaint(case, key),
        "words": {"kind": SEARCH_KIND, "ref": key, "tokens": " ".join(dict.fromkeys(search.tokens_of(case.words)))},
    }


@dataclass(frozen=True, slots=True)
class _Case:
    same: dict[str, Any]
    instance_id: str
    words: str
    created: datetime
    ended: datetime | None


def _instance(case: _Case) -> dict[str, Any]:
    return case.same | {
        "id": case.instance_id,
        "title": case.words,
        "state": "active" if case.ended is None else "completed",
        "version": 3,
        "codec": 1,
        "variables": {"complaint_id": case.same["business_key"]},
        "started_at": case.created,
        "started_by": "zhao.lei",
        "updated_at": case.created,
        "ended_at": case.ended,
    }


def _task(case: _Case, task_id: str) -> dict[str, Any]:
    done_by = None if case.ended is None else "zhao.lei"
    return case.same | {
        "id": task_id,
        "instance_id": case.instance_id,
        "node_id": "judge",
        "name": "判断投诉是否成立",
        "form_key": "complaint/judge",
        "state": "created" if case.ended is None else "completed",
        "priority": 50,
        "created_at": case.created,
        "due_at": case.created + timedelta(days=3),
        "ended_at": case.ended,
        "ended_by": done_by,
        "assignee": done_by,
        "local_variables": {},
    }


def _complaint(case: _Case, key: str) -> dict[str, Any]:
    return {
        "number": key,
        "instance_id": case.instance_id,
        "received_at": case.created,
        "registered_at": case.created,
        "registered_by": "zhao.lei",
        "state": "open" if case.ended is None else "closed",
    }
