"""What programs and people who watch Keliu read: /metrics, /readyz and the log."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import text
from sqlalchemy.orm import Session

import engine
from app.web.requests import configure_logging
from tests.support.application import advance, database_of, drain, settings_for, signed_in
from tests.support.forms import submit

Samples = dict[tuple[str, tuple[tuple[str, str], ...]], float]


def samples(body: str) -> Samples:
    """Name and labels → value."""
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }


def test_the_gauges_say_what_the_database_says(each_app: Flask, clock: engine.VirtualClock) -> None:
    database, client = database_of(each_app), each_app.test_client()
    drain(database)
    while engine.jobs.run_due_outside(database):
        drain(database)
    found = samples(client.get("/metrics").text)
    with database.read() as session:
        running = session.execute(
            text("SELECT definition_key, count(*) FROM process_instance WHERE state = 'active' GROUP BY definition_key")
        ).all()
        scheduled = session.scalar(text("SELECT count(*) FROM job WHERE state = 'scheduled'"))
        waiting = session.scalar(text("SELECT count(*) FROM outbox_message WHERE state = 'waiting'"))
    assert len(running) == 3
    for process, count in running:
        assert found["keliu_instances", (("process", process), ("state", "active"))] == count
    assert found["keliu_jobs", (("state", "scheduled"),)] == scheduled
    assert found["keliu_sendings", (("state", "waiting"), ("what", "letter"))] == waiting
    assert found["keliu_jobs_due", ()] == found["keliu_oldest_due_job_seconds", ()] == 0
    assert client.get("/readyz").json == {"status": "ready", "warnings": []}

    def add(session: Session) -> None:
        engine.execute(session, engine.AddWork(topic="audit.seal", due_at=engine.now(session), dedupe_key="late"))

    database.write(add)
    clock.advance(timedelta(minutes=5))  # and no worker looks
    found = samples(client.get("/metrics").text)
    assert found["keliu_oldest_due_job_seconds", ()] >= 300
    assert client.get("/readyz").json == {"status": "ready", "warnings": ["workers"]}


def test_requests_are_timed_by_route_and_never_by_address(app: Flask) -> None:
    cco = signed_in(app, "lin.wanqing")
    cco.get("/complaints/CMP-2026-000001")
    cco.get("/complaints/CMP-2026-999999")
    cco.get("/nothing/of/the/kind")
    body = app.test_client().get("/metrics").text
    found = samples(body)
    name = "keliu_request_seconds_count"
    assert found[name, (("endpoint", "complaints.show"), ("method", "GET"), ("status", "2xx"))] == 1
    assert found[name, (("endpoint", "complaints.show"), ("method", "GET"), ("status", "4xx"))] == 1
    assert found[name, (("endpoint", "none"), ("method", "GET"), ("status", "4xx"))] == 1
    assert "CMP-" not in body
    assert "process_resident_memory_bytes" in body


def test_figures_are_for_this_machine_or_for_who_has_the_token(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "10.1.2.3"}).status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403  # through a proxy here
    settings = app.extensions["keliu.settings"]
    app.extensions["keliu.settings"] = settings_for(settings.database_url, settings.data, metrics_token="let me in")
    assert client.get("/metrics").status_code == 403
    for given in ("Bearer let me", "Basic bGV0IG1lIGlu", "Bearer é"):
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 403
    asked = {"Authorization": "Bearer let me in"}
    assert client.get("/metrics", headers=asked, environ_base={"REMOTE_ADDR": "10.1.2.3"}).status_code == 200


def test_a_database_of_another_version_is_not_served(app: Flask) -> None:
    database_of(app).write(lambda session: session.execute(text("UPDATE alembic_version SET version_num = '0001'")))
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (503, {"status": "unavailable", "reason": "migrations"})


ONE_OF_TWO = """
import sys
from pathlib import Path
from app import create_app
from tests.support.application import settings_for
app = create_app(settings_for(sys.argv[1], Path(sys.argv[2])))
client = app.test_client()
client.get("/healthz")
print(client.get("/metrics").text)
"""


def test_processes_of_one_server_are_added_up(app: Flask, tmp_path: Path) -> None:
    settings = app.extensions["keliu.settings"]
    shared = tmp_path / "metrics"
    shared.mkdir()
    command = [sys.executable, "-c", ONE_OF_TWO, settings.database_url, str(settings.data)]
    environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(shared)}
    answers = [
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout for _one in range(2)
    ]
    key = ("keliu_request_seconds_count", (("endpoint", "health.healthz"), ("method", "GET"), ("status", "2xx")))
    assert [samples(answer)[key] for answer in answers] == [1, 2]
    assert ("keliu_open_incidents", ()) not in samples(answers[1])  # of no incident there is nothing to say


@pytest.fixture
def logged(app: Flask, capsys: pytest.CaptureFixture[str]) -> Flask:
    """The application with its log as machines read it."""
    settings = app.extensions["keliu.settings"]
    configure_logging(settings)
    capsys.readouterr()
    return app


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]


def test_lines_say_who_and_which_instance_but_nothing_of_the_customer(
    logged: Flask, capsys: pytest.CaptureFixture[str], clock: engine.VirtualClock
) -> None:
    lead = signed_in(logged, "sun.lihua")
    shown = re.search(r"/tasks/([0-9a-f-]{36})", lead.get("/inbox?box=claim").text)
    assert shown is not None
    with database_of(logged).read() as session:
        instance = engine.queries.task(session, shown[1]).instance_id
    capsys.readouterr()
    address = f"/inbox/tasks/{shown[1]}/claim"
    submit(lead, address, headers={"X-Request-ID": "asked-by-test-1"})
    told = [line for line in lines(capsys) if line.get("path") == address]
    assert [(line.get("user"), line["request_id"], line.get("instance_id")) for line in told] == [
        ("sun.lihua", "asked-by-test-1", instance)
    ]

    advance(database_of(logged), clock, timedelta(days=20))
    done = [line for line in lines(capsys) if line["event"] == "job done"]
    assert all(isinstance(line["job_id"], int) and "milliseconds" in line for line in done)
    assert any(line.get("instance_id") for line in done)
