"""``python -m tests.upgrade.make [RELEASE]``: keep a database of this program as a fixture for all later ones.

It holds complaints at every step and in every loop, and small processes in every kind of waiting state
(:mod:`tests.upgrade.corpus`), beside people, customers, drafts and messages nobody expected yet. The same is made on
SQLite and on PostgreSQL. Run it once for a release, when its migrations are final, and commit what it writes.
"""

from __future__ import annotations

import base64
import gzip
import importlib.metadata
import os
import random
import secrets
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

import engine
from app.bootstrap import registries
from app.formkit import drafts
from engine.jobs import running
from engine.tables import incident
from tests.conftest import START
from tests.support.application import Databases, advance, database_of, drain, running_app
from tests.support.complaints import Cases
from tests.support.leads import SELLER, Leads
from tests.support.matters import Matters
from tests.support.postgres import PostgresServer
from tests.upgrade import corpus
from tests.upgrade.rows import dump

HERE = Path(__file__).parent
WORKER = "worker-outside"
OUTSIDE = (engine.Topic(name=corpus.EXTERNAL, lock_for=timedelta(days=1)),)


def fill(cases: Cases) -> None:
    """Bring complaints and small processes to where they wait."""
    registries(cases.app).handlers.register(corpus.FLAKY, _fails)
    _aged(cases)
    _complaints(cases)
    _loops(cases)
    _leads(Leads(cases.app, cases.clock))
    _matters(Matters(cases.app, cases.clock))
    _small(cases)


def _fails(_session: Any, _call: engine.ServiceCall) -> None:
    raise RuntimeError("the other system does not answer")


def _aged(cases: Cases) -> None:
    """The return visit and what follows it; deadlines have passed. Weeks go by, so these come first."""
    cases.to_visit()
    cases.to_archive()
    evaluated = cases.to_visit()
    cases.do(evaluated, "return_visit", "wu.xiaoyan", outcome="satisfied", satisfaction=5, remarks="很满意")
    unreachable = cases.to_visit()
    cases.do(unreachable, "return_visit", "wu.xiaoyan", outcome="unreachable")
    again = cases.to_visit()
    cases.do(again, "return_visit", "wu.xiaoyan", outcome="dissatisfied", satisfaction=1, reason="还是死机")
    cases.to_cause()
    cases.pass_time(timedelta(days=3))


def _complaints(cases: Cases) -> None:
    """One at each step before the return visit."""
    first = cases.register()
    with_draft = cases.task(first, "judge")
    typed = {"outcome": "not_valid", "reason": "还没写完"}
    database_of(cases.app).write(lambda session: drafts.save(session, with_draft.id, "sun.lihua", typed))
    for go in (cases.to_assignment, cases.to_cause, cases.to_solution, cases.to_approval, cases.to_implementation):
        go()
    begun = cases.to_implementation()
    cases.do(begun, "perform_action", "bai.lu", outcome="done", result="已发布", actual_cost=1100)


def _loops(cases: Cases) -> None:
    """What does not go straight on."""
    contested = cases.register()
    cases.do(contested, "judge", "sun.lihua", outcome="not_valid", reason="不是我们的产品", reply="非常抱歉")
    refused = cases.to_cause()
    for refusal in (1, 2):
        cases.do(refused, "analyse_cause", "zou.kaiwen", outcome="refused", refusal_reason=f"不归我们 {refusal}")
        cases.do(refused, "assign_department", "song.yaqin", outcome="assigned", departments=["development"])
    beside = cases.to_cause("development", "logistics")
    cases.send(beside, "complaint_containment", "wu.xiaoyan", "先发临时版本")
    cases.send(beside, "complaint_supplement", "wu.xiaoyan", "还有一张图")
    returned = cases.to_approval()
    cases.do(returned, "approve_solution", "jia.wentao", outcome="return_solution", instruction="补偿太多")
    withdrawn = cases.to_solution()
    cases.send(withdrawn, "complaint_withdrawn", "wu.xiaoyan", "客户撤回")


def _leads(leads: Leads) -> None:
    """One that nobody has judged, one at each distance, one in the pool, one that came nearer and is asleep."""
    leads.capture()
    for days in (10, 60, 150, 300, 500):
        leads.qualified(days)
    leads.qualified(60, owner=None)
    asleep = leads.qualified(300)
    task = leads.task(asleep, "follow_up_general")
    leads.do(asleep, task.node_id, SELLER, outcome="no_change", channel="phone", text="明年再说")
    leads.send(asleep, purchase_date=str(leads.today() + timedelta(days=170)))


def _matters(matters: Matters) -> None:
    """One at each step, one declined twice, and those that other processes carry on."""
    matters.register()
    technical, asked = matters.classified("technical"), matters.classified("order")
    matters.do(
        technical, "answer_technical", matters.member("technical_support"), outcome="answered", answer="重装即可"
    )
    declined = matters.classified("inquiry")
    for department in ("finance", "logistics"):
        group = str(matters.task(declined).candidate_groups[0])
        refusal = {"outcome": "declined", "reason": "不归我们", "next_department": department}
        matters.do(declined, "handle_matter", matters.member(group), **refusal)
    matters.send(asked, "wu.xiaoyan", "还有，什么时候发货？")
    matters.classified("rival_news")
    matters.classified("complaint")
    matters.classified("purchase_interest")


def _small(cases: Cases) -> None:
    database = database_of(cases.app)

    def do(command: engine.Command) -> engine.Result:
        return database.write(lambda session: engine.execute(session, command))

    do(engine.Deploy(name="small processes", files=corpus.files(), actor="designer"))
    late = [number for number, course in enumerate(corpus.COURSES) if _moves_time(course)]
    early = [number for number in range(len(corpus.COURSES)) if number not in late]
    for number in (*late, *early):  # time passes for all that are there: whoever lets it pass is first
        _Walk(cases, do).go(corpus.COURSES[number], f"{corpus.COURSES[number].key}-{number:02}")
    buffered = engine.CorrelateMessage(name="keyed", correlation_key="O-1", buffer_for=timedelta(days=30))
    do(buffered)


def _moves_time(course: corpus.Course) -> bool:
    return any(move[0] in ("wait", "work") for move in course.moves)


class _Walk:
    """One instance of a small process on its way to where it waits."""

    def __init__(self, cases: Cases, do: Any) -> None:
        self.cases, self.do, self.database = cases, do, database_of(cases.app)
        self.id = ""

    def go(self, course: corpus.Course, business_key: str) -> None:
        command = engine.StartProcess(
            process_key=course.key, business_key=business_key, variables=course.variables, actor="li.na"
        )
        self.id = str(self.do(command).instance_id)
        for name, *arguments in course.moves:
            getattr(self, f"_{name}")(*arguments)

    def _task(self, node: str) -> engine.TaskRow:
        with self.database.read() as session:
            instance = engine.tables.process_instance.c
            called = session.scalars(select(instance.id).where(instance.parent_instance_id == self.id))
            ids = [self.id, *called]
            found = [row for one in ids for row in engine.queries.open_tasks(session, one) if row.node_id == node]
        return sorted(found, key=lambda row: (str(row.local_variables), row.id))[0]

    def _do(self, node: str, variables: dict[str, Any] | None = None) -> None:
        given: dict[str, Any] = {"variables": variables or {}, "groups": frozenset({"office"})}
        self.do(engine.CompleteTask(task_id=self._task(node).id, actor="li.na", **given))

    def _claim(self, node: str) -> None:
        self.do(engine.ClaimTask(task_id=self._task(node).id, actor="li.na", groups=frozenset({"office"})))

    def _stumble(self, node: str) -> None:
        with pytest.raises(engine.ExecutionFailed):
            self._do(node)

    def _send(self, name: str) -> None:
        self.do(engine.CorrelateMessage(name=name, instance_id=self.id))

    def _early(self, name: str, key: str) -> None:
        self.do(engine.CorrelateMessage(name=name, correlation_key=key, buffer_for=timedelta(days=30)))

    def _signal(self, name: str) -> None:
        self.do(engine.BroadcastSignal(name=name, instance_id=self.id))

    def _suspend(self) -> None:
        self.do(engine.SuspendInstance(instance_id=self.id, reason="wait"))

    def _cancel(self) -> None:
        self.do(engine.CancelInstance(instance_id=self.id, reason="no more"))

    def _work(self) -> None:
        drain(self.database)

    def _wait(self, minutes: int) -> None:
        advance(self.database, self.cases.clock, timedelta(minutes=minutes))

    def _job(self) -> int:
        with self.database.read() as session:
            return next(job.id for job in engine.queries.jobs(session, instance_id=self.id) if job.topic)

    def _fetch(self) -> None:
        self.do(engine.LockExternalTask(job_id=self._job(), worker=WORKER, lock_for=timedelta(days=1)))

    def _fail(self, retries: int) -> None:
        pause = timedelta(hours=1)
        given: dict[str, Any] = {"message": "no paper", "details": "tray 2", "retries": retries, "pause": pause}
        self.do(engine.FailExternalTask(job_id=self._job(), worker=WORKER, **given))

    def _error(self) -> None:
        self.do(engine.ThrowBpmnError(job_id=self._job(), worker=WORKER, error_code="BAD"))


@contextmanager
def _same_identifiers() -> Iterator[None]:
    """Whatever is drawn by lot is drawn the same each time, so that making a fixture twice makes the same bytes."""
    lot = random.Random("keliu")
    kept = uuid.uuid4, os.urandom, secrets.token_urlsafe, secrets.token_hex
    named = vars(running)["worker_name"]
    vars(running)["worker_name"] = lambda kind: f"{kind}@host"
    uuid.uuid4 = lambda: uuid.UUID(int=lot.getrandbits(128), version=4)
    os.urandom = lot.randbytes
    secrets.token_urlsafe = lambda nbytes=32: base64.urlsafe_b64encode(lot.randbytes(nbytes or 32)).decode().rstrip("=")
    secrets.token_hex = lambda nbytes=32: lot.randbytes(nbytes or 32).hex()
    try:
        yield
    finally:
        uuid.uuid4, os.urandom, secrets.token_urlsafe, secrets.token_hex = kept
        vars(running)["worker_name"] = named


def _forget_where_it_was_made(session: Session) -> None:
    detail = incident.c.detail
    session.execute(update(incident).values(detail=func.replace(detail, f"{HERE.parents[1]}/", "")))


def make(backend: str, databases: Databases, folder: Path) -> Path:
    """Write the fixture of one backend; returns the file."""
    with _same_identifiers(), running_app(databases, backend, clock := engine.VirtualClock(START)) as app:
        fill(Cases(app, clock))
        database = database_of(app)
        database.write(_forget_where_it_was_made)
        if backend == "sqlite":
            raw, file = databases.home / "fixture.sqlite3", folder / "sqlite.gz"
            raw.unlink(missing_ok=True)
            connection = database.engine.raw_connection()
            connection.cursor().execute("VACUUM INTO ?", (str(raw),))
            connection.close()
            content = raw.read_bytes()
        else:
            file = folder / "postgresql.rows.gz"
            content = dump(database.engine)
    folder.mkdir(parents=True, exist_ok=True)
    file.write_bytes(gzip.compress(content, 9, mtime=0))
    return file


def main(release: str) -> None:
    """Make both fixtures of ``release``."""
    server = PostgresServer().start()
    try:
        with tempfile.TemporaryDirectory() as home:
            databases = Databases(Path(home), lambda: server)
            for backend in ("sqlite", "postgresql"):
                file = make(backend, databases, HERE / release)
                print(f"{file.relative_to(HERE)}: {file.stat().st_size // 1024} KiB")
    finally:
        server.stop()


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is drawn by lot too
        os.execve(
            sys.executable,
            [sys.executable, "-m", "tests.upgrade.make", *sys.argv[1:]],
            os.environ | {"PYTHONHASHSEED": "0"},
        )
    main(sys.argv[1] if len(sys.argv) > 1 else importlib.metadata.version("keliu"))
