"""The control room of a company with a hundred thousand instances: milliseconds per page, person and database, at the
median and at the 95th of 100 requests to a server that is warm, and how the database reads for each page (``--plans``).

``cpu_p95_ms`` is what the target judges: processor time of the server and of its database for one request. On a machine
that has nothing else to do it is what the reader waits for; ``wall_p95_ms`` beside it also holds what others took.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from statistics import median, quantiles

from flask import Flask
from flask.testing import FlaskClient

import engine
from app import serving
from app.db import Database
from benchmarks import plans
from benchmarks.company import company
from benchmarks.instances import YEAR, Filled
from benchmarks.population import settle
from benchmarks.processor import Meter, Taken
from benchmarks.scale import Scale
from tests.support.application import database_of, signed_in

NAME = "control_room"
PEOPLE = {
    "operator": "kang.ning",
    "director": "lin.wanqing",
    "supervisor": "jia.wentao",
    "executive": "chen.yongxing",
}
"""Who repairs and sees everything, who directs customer work, who supervises one department, who supervises all."""
WARM = 2
"""Requests before those that count."""
_NEXT = re.compile(r"[?&;]after=([A-Za-z0-9_-]+)")


def control_room(backend: str, scale: Scale) -> dict[str, float]:
    """Every page for each of the people."""
    with company(backend, engine.VirtualClock(engine.SystemClock().now())) as app:
        filled = Filled(app)
        filled.fill(scale.instances)
        settle(database_of(app))
        return {f"{backend}.{NAME}.instances": scale.instances} | measured(app, filled, backend, scale.page_views)


def measured(app: Flask, filled: Filled, backend: str, views: int) -> dict[str, float]:
    """Each page ``views`` times by each of the people who may open it."""
    figures: dict[str, float] = {}
    serving.keep_loaded()
    database = database_of(app)
    today = engine.SystemClock().now().date()
    for who, login in PEOPLE.items():
        client = signed_in(app, login)
        for name, path in pages(filled, today).items():
            path = _following(client, path) if name.endswith("_next") else path
            with plans.watching(database, f"{backend} {who} {path}"):
                status = client.get(path).status_code
            if status in (403, 404):  # not for this person
                continue
            assert status == 200, (path, status)
            taken = _times(database, client, path, views)
            page = f"{backend}.{NAME}.{who}.{name}"
            figures[f"{page}.cpu_p95_ms"] = ninety_fifth([one.cpu for one in taken])
            figures[f"{page}.cpu_p50_ms"] = median(one.cpu for one in taken)
            figures[f"{page}.wall_p95_ms"] = ninety_fifth([one.wall for one in taken])
    return figures


def pages(filled: Filled, today: date) -> Mapping[str, str]:
    """Name → address."""
    task, year = "/monitor/tasks", f"from={today - timedelta(days=YEAR)}&to={today}"
    return {
        "processes": "/monitor",
        **_instances(today),
        "instance": f"/monitor/instances/{filled.real.id}",
        "process": f"/monitor/processes/{filled.versions['complaint']}",
        "process_all_versions": "/monitor/processes/key/complaint",
        "people": f"{task}/people",
        "tasks": task,
        "tasks_overdue": f"{task}?due=overdue",
        "tasks_of_group": f"{task}?group=development",
        "tasks_of_person": f"{task}?person=bai.lu",
        "tasks_completed": f"{task}/completed?process=complaint&step=judge",
        "tasks_completed_slowest": f"{task}/completed?process=complaint&step=judge&sort=-worked",
        "levels": f"{task}/levels",
        "levels_year": f"{task}/levels?{year}",
        "incidents": "/monitor/incidents",
        "incidents_of_cause": f"/monitor/incidents/{filled.cause}",
        "timers": "/monitor/timers",
        "timers_overdue": "/monitor/timers?within=overdue",
        "timers_of_process": "/monitor/timers?process=cco_routing",
        "repairs": "/monitor/repairs",
        "repair_preview": "/monitor/repairs/suspend?process=complaint&state=running",
        "event_log": "/monitor/event-log",
        "figures": "/monitor/figures",
        "figures_complaints": "/complaints/figures",
        "figures_complaints_year": f"/complaints/figures?{year}",
        "figures_leads": "/leads/figures",
        "figures_leads_year": f"/leads/figures?{year}",
        "figures_matters": "/matters/figures",
        "figures_matters_year": f"/matters/figures?{year}",
    }


def _instances(today: date) -> Mapping[str, str]:
    of = "/monitor/instances"
    complaint = f"{of}?process=complaint"
    return {
        "instances": of,
        "instances_next": of,
        "instances_found": f"{of}?q=宏远机械4711",
        "instances_common_word": f"{of}?q=宏远",
        "instances_by_key": f"{of}?q=CMP-2099-00",
        "instances_at_step": f"{complaint}&activity=propose_solution",
        "instances_with_incident": f"{of}?incident=1",
        "instances_overdue": f"{of}?overdue=1",
        "instances_oldest": f"{of}?sort=started",
        "instances_last_changed": f"{of}?sort=-updated",
        "instances_completed": f"{of}?state=completed",
        "instances_suspended": f"{of}?state=suspended",
        "instances_by_variable": f"{complaint}&v_severity=critical",
        "instances_by_amount": f"{complaint}&v_amount_from=50000&v_amount_to=50100",
        "instances_by_starter": f"{of}?starter=li.na",
        "instances_of_a_month": f"{of}?started_from={today - timedelta(days=60)}&started_to={today}",
    }


def _following(client: FlaskClient, path: str) -> str:
    """The address of the page after the first one of a list."""
    found = _NEXT.search(client.get(path).get_data(as_text=True))
    return f"{path}?after={found[1]}" if found else path


def _times(database: Database, client: FlaskClient, path: str, views: int) -> list[Taken]:
    for _ in range(WARM):
        client.get(path)
    meter = Meter(database)
    return [meter.taken(lambda: client.get(path)) for _ in range(max(views, 2))]


def ninety_fifth(values: list[float]) -> float:
    """The 95th of 100."""
    return quantiles(values, n=20, method="inclusive")[-1]
