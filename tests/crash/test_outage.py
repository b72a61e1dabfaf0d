"""PostgreSQL goes away and comes back while people and workers are at work: nothing is lost, nobody hangs, everybody is
told to come back in a moment. After the monkey of DBOS: away for 0 to 5 seconds, every 5 to 20 seconds, for a minute.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

import app.db as db
import engine
from app.db import Database
from app.security import public
from tests.crash.servers import SERVE, WORK, Client, Serving, basic
from tests.crash.test_server_kill import KEY, PASSWORD, PEOPLE, check, company, start_all, unfinished
from tests.support.application import Databases, database_of, session_cookie
from tests.support.core import core_app, opened
from tests.support.engine_world import bpmn, chain, service, user_task, world
from tests.support.postgres import PostgresServer
from tests.support.rest import token_of

SECONDS, BETWEEN, AWAY = 60.0, (5.0, 20.0), (0.0, 5.0)
OUTAGES = 3
RETURNED = 10.0
"""Seconds after the return of the database in which everything has to run again."""
PACE = 0.5
"""Seconds between two actions of a person."""
INSTANCES = int(SECONDS / PACE / 1.3)
ENDS = (signal.SIGKILL, signal.SIGQUIT, signal.SIGINT)
"""A power loss, an immediate and a fast shutdown."""
BUSY = {"en": "Just a moment", "zh": "请稍候"}


class Load:
    """Two people on REST; ``told`` is what the server said is done, ``refused`` every 503 in full."""

    def __init__(self, server: Serving) -> None:
        self.told: dict[str, datetime] = {}
        self.refused: list[Any] = []
        self.strange: list[tuple[int, object]] = []
        self.over = threading.Event()
        self._threads = [
            threading.Thread(target=self._work, args=(Client([server], basic(n, PASSWORD)),)) for n in PEOPLE
        ]
        for thread in self._threads:
            thread.start()

    def _work(self, client: Client) -> None:
        while not self.over.is_set():
            tasks = self._seen(client.ask("GET", f"/task?processDefinitionKey={KEY}&maxResults=40"), good=200) or []
            random.shuffle(tasks)
            for task in tasks[:10]:
                wanted = {"variables": {task["taskDefinitionKey"]: {"value": True, "type": "Boolean"}}}
                answer = client.ask("POST", f"/task/{task['id']}/complete", wanted)
                if answer[0] == 204:
                    self.told[task["id"]] = datetime.now(UTC)
                else:
                    self._seen(answer, good=409)  # the other one was faster, or it was done when we were told 503
                time.sleep(PACE)
            time.sleep(PACE)

    def _seen(self, answer: tuple[int, Any], *, good: int) -> Any:
        status, body = answer
        if status == 503:
            self.refused.append(body)
        elif status != good:
            self.strange.append(answer)
        return body if status == good else None

    def go_home(self) -> None:
        self.over.set()
        for thread in self._threads:
            thread.join(60)


class Visitor:
    """Looks at a page, asks the API and the engine's REST again and again; keeps what was not answered with 200."""

    def __init__(self, app: Flask, server: Serving) -> None:
        assert server.port is not None
        self.refused: dict[str, list[requests.Response]] = {"page": [], "api": [], "rest": [], "ready": []}
        self.worst = 0.0
        self._base = f"http://127.0.0.1:{server.port}"
        self._cookie = session_cookie(app, "li.na")
        self._bearer = {"Authorization": f"Bearer {token_of(app, 'li.na')}"}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        asked = {"page": "/inbox", "api": "/api/v1/tasks", "rest": "/engine-rest/task/count", "ready": "/readyz"}
        with requests.Session() as browser:
            browser.cookies.set(*self._cookie)
            while not self._over.is_set():
                for name, path in asked.items():
                    language = random.choice(("en", "zh"))
                    headers = {"Accept-Language": language} | (self._bearer if name in ("api", "rest") else {})
                    began = time.monotonic()
                    answer = browser.get(self._base + path, headers=headers, timeout=30)
                    self.worst = max(self.worst, time.monotonic() - began)
                    if answer.status_code != 200:
                        self.refused[name].append(answer)
                time.sleep(PACE)

    def go_home(self) -> None:
        self._over.set()
        self._thread.join(60)


def monkey(server: PostgresServer, chance: random.Random) -> list[tuple[datetime, datetime]]:
    """Take the database away until the time is over; when it went and came back."""
    outages = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end or len(outages) < OUTAGES:
        time.sleep(chance.uniform(*BETWEEN))
        gone = datetime.now(UTC)
        server.halt(ENDS[len(outages) % len(ENDS)])
        time.sleep(chance.uniform(*AWAY))
        server.launch()
        outages.append((gone, datetime.now(UTC)))
    return outages


def test_who_has_read_everything_is_answered_although_the_database_goes_just_then(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    with opened(postgres_server.create("just_then")) as database:
        keliu = core_app(database, tmp_path)

        @public
        def look() -> str:
            number = db.session().scalar(text("SELECT pg_backend_pid()"))
            with database.engine.connect() as other:
                other.execute(text(f"SELECT pg_terminate_backend({number})"))
            return "read"

        keliu.add_url_rule("/look", "look", look)
        for _ in range(2):
            answer = keliu.test_client().get("/look")
            assert (answer.status_code, answer.text) == (200, "read")


def test_who_loses_the_database_while_it_writes_is_told_to_look_before_doing_it_again(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    with opened(postgres_server.create("writing")) as database:
        keliu = core_app(database, tmp_path)
        keliu.config["WTF_CSRF_ENABLED"] = False

        @public
        def change() -> str:
            number = db.session().scalar(text("SELECT pg_backend_pid()"))
            with database.engine.connect() as other:
                other.execute(text(f"SELECT pg_terminate_backend({number})"))
            return "done"  # the commit comes now

        keliu.add_url_rule("/change", "change_it", change, methods=["POST"])
        for language, words in (("en", "look before you do it again"), ("zh", "先查看结果")):
            answer = keliu.test_client().post("/change", headers={"Accept-Language": language})
            assert answer.status_code == 503
            assert words in answer.text and "Nothing was changed" not in answer.text


def test_a_job_that_loses_the_database_is_done_at_the_next_look(postgres_server: PostgresServer) -> None:
    """It waits neither for its lease nor as long as a failed job: it was not its fault."""
    lost: list[int] = []

    def book(session: Session, _call: engine.ServiceCall) -> dict[str, object]:
        if not lost:
            lost.append(session.scalar(text("SELECT pg_backend_pid()")) or 0)
            with keliu.database.engine.connect() as other:
                other.execute(text(f"SELECT pg_terminate_backend({lost[0]})"))
        return {"booked": True}

    steps = '<bpmn:startEvent id="begin" />' + service("book", "book") + user_task("call")
    with world(postgres_server.create("loses_it"), clock=engine.SystemClock()) as keliu:
        keliu.handlers.register("book", book)
        keliu.deploy(bpmn("books", steps + chain("begin", "book", "call")))
        instance_id = keliu.start("books").instance_id
        deadline = time.monotonic() + RETURNED
        while keliu.open(instance_id) != ["call"]:
            assert time.monotonic() < deadline, keliu.ask(engine.queries.jobs, instance_id=instance_id)
            keliu.run_due()
            time.sleep(0.05)
        assert lost and keliu.ask(engine.queries.incidents) == ()


@pytest.mark.slow
def test_a_database_that_comes_and_goes_loses_nothing_and_nobody(
    postgres_server: PostgresServer, databases: Databases, tmp_path: Path
) -> None:
    seed = int(os.environ.get("KELIU_TEST_SEED", time.time_ns() % 1_000_000))
    print(f"KELIU_TEST_SEED={seed}")  # shown when the test fails
    with company(databases, "postgresql") as (app, url):
        database = database_of(app)
        postgres_server.keep_every_commit(str(database.engine.url.database))
        ids = start_all(database, INSTANCES)
        with ThreadPoolExecutor() as pool:
            server, worker = pool.map(partial(Serving, url, tmp_path), (SERVE, WORK))
        load, visitor = Load(server), Visitor(app, server)
        try:
            outages = monkey(postgres_server, random.Random(seed))
            finish(database, load)
        finally:
            postgres_server.launch()
            load.go_home()
            visitor.go_home()
            ends = [server.stop(), worker.stop()]

        late = lateness(database, outages)
        print(
            f"{len(outages)} outages, away {[round((b - a).total_seconds(), 1) for a, b in outages]} s, "
            f"{len(load.told)} completions, {len(load.refused)} refused, worst answer {visitor.worst:.1f} s, "
            f"latest timer {max(late):.1f} s after its moment or the return"
        )
        assert (ends, load.strange) == ([0, 0], [])
        check(database, ids, list(load.told))
        assert max(late) < RETURNED
        assert visitor.worst < RETURNED
        assert all(body["type"] == "RestException" and body["message"] for body in load.refused)
        check_refusals(visitor)


def finish(database: Database, load: Load) -> None:
    """Wait until all the work is done."""
    seen, deadline = 0, time.monotonic() + RETURNED
    while unfinished(database):
        if len(load.told) > seen:
            seen, deadline = len(load.told), time.monotonic() + RETURNED
        assert time.monotonic() < deadline, f"nothing moves: {seen} told, {load.strange[:3]}"
        time.sleep(0.05)


def lateness(database: Database, outages: list[tuple[datetime, datetime]]) -> list[float]:
    """Seconds between the moment each timer could fire (due, and the database there) and when it did."""
    with database.read() as session:
        jobs = engine.queries.jobs(session, kinds=("timer",), states=(engine.JobState.COMPLETED,), limit=10_000)
    seconds = []
    for job in jobs:
        assert job.ended_at is not None
        could = max([job.due_at, *(back for _, back in outages if back < job.ended_at)])
        seconds.append((job.ended_at - could).total_seconds())
    return seconds


def check_refusals(visitor: Visitor) -> None:
    """Every page and program was told in its own language and form to come back."""
    for name, answers in visitor.refused.items():
        assert answers, f"{name} never noticed"
        for answer in answers:
            assert answer.status_code == 503, answer.text
            assert int(answer.headers["Retry-After"]) > 0
    for answer in visitor.refused["page"]:
        assert BUSY[answer.request.headers["Accept-Language"]] in answer.text
        assert answer.headers["Content-Type"].startswith("text/html")
    for answer in visitor.refused["api"]:
        assert answer.json()["code"] == "Unavailable"
    for answer in visitor.refused["rest"]:
        assert set(answer.json()) == {"type", "message", "code"}
