"""From POST to redirect: a person completes a task in the browser, through the whole application on SQLite."""

from __future__ import annotations

import logging
import re
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import structlog
from flask.testing import FlaskClient

import engine
from tests.support.application import Databases, running_app, signed_in
from tests.support.complaints import Cases
from tests.support.postgres import PostgresServer

JUDGE = "sun.lihua"
_TOKEN = re.compile(rb'name="csrf_token"[^>]*value="([^"]+)"')


def post_to_redirect(rounds: int) -> float:
    """Median milliseconds from the POST of a completed ``judge`` form to the redirect: permission, form, complaint
    slice, workflow, next tasks, notices, history, one commit."""
    clock = engine.VirtualClock(engine.SystemClock().now())
    with tempfile.TemporaryDirectory(prefix="keliu-bench-") as folder:
        databases = Databases(Path(folder), PostgresServer)
        with running_app(databases, "sqlite", clock) as app:
            structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
            cases = Cases(app, clock)
            client = signed_in(app, JUDGE)
            taken = [_complete(client, cases.task(cases.register(), "judge").id) for _ in range(rounds)]
    return median(taken) * 1_000


def _complete(client: FlaskClient, task_id: str) -> float:
    form = client.get(f"/inbox/tasks/{task_id}")
    assert form.status_code == 200, form.status
    found = _TOKEN.search(form.data)
    data = {"outcome": "valid", "csrf_token": found[1].decode() if found else ""}
    before = perf_counter()
    answer = client.post(f"/inbox/tasks/{task_id}/complete", data=data)
    seconds = perf_counter() - before
    assert answer.status_code == 303, answer.text[:2000]
    return seconds
