"""Timers, deadlines, service tasks, work: the ledger on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

import engine
from engine.testing import check_instance
from tests.support.engine_world import (
    BACKENDS,
    MONDAY,
    World,
    bpmn,
    chain,
    flow,
    fresh_url,
    service,
    timer,
    user_task,
    world,
)

SALES = frozenset({"sales"})
JOB = engine.tables.job


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url) as opened:
        yield opened


def process(*nodes: str, names: tuple[str, ...], extra: str = "") -> bytes:
    inner = '<bpmn:startEvent id="begin" />' + "".join(nodes) + '<bpmn:endEvent id="done" />'
    return bpmn("process", inner + chain("begin", *names, "done") + extra)


def check(keliu: World, instance_id: str | None) -> None:
    with keliu.database.read() as session:
        check_instance(session, str(instance_id))


# --- timers --------------------------------------------------------------------------------------------------------


def test_a_timer_fires_when_it_is_due_and_not_before(keliu: World) -> None:
    keliu.deploy(process(timer("pause", "PT4H"), user_task("call"), names=("pause", "call")))
    instance_id = keliu.start("process").instance_id
    (job,) = keliu.ask(engine.queries.jobs, instance_id=instance_id)
    assert (job.kind, job.state, job.due_at) == ("timer", "scheduled", MONDAY + timedelta(hours=4))

    keliu.clock.advance(timedelta(hours=4, seconds=-1))
    assert keliu.run_due() == 0
    keliu.clock.advance(timedelta(seconds=1))
    assert keliu.run_due() == 1

    assert keliu.open(instance_id) == ["call"]
    assert "timer_fired" in keliu.kinds(instance_id)
    check(keliu, instance_id)


def test_a_timer_that_was_due_during_a_downtime_fires_once(keliu: World) -> None:
    keliu.deploy(process(timer("pause", "PT4H"), user_task("call"), names=("pause", "call")))
    ids = [keliu.start("process", business_key=f"K-{number}").instance_id for number in range(3)]

    keliu.clock.advance(timedelta(days=30))
    assert keliu.run_due() == 3
    assert keliu.run_due() == 0

    assert [keliu.open(instance_id) for instance_id in ids] == [["call"]] * 3


def test_a_timer_is_cancelled_with_its_task(keliu: World) -> None:
    remind = timer("remind", "PT1H", attached="call") + '<bpmn:endEvent id="late" />' + flow("remind", "late")
    keliu.deploy(process(user_task("call"), remind, names=("call",)))
    instance_id = keliu.start("process").instance_id
    task = keliu.task(instance_id, "call")

    keliu.do(engine.CompleteTask(task_id=task.id, actor="li", groups=SALES))
    keliu.clock.advance(timedelta(hours=2))

    assert keliu.run_due() == 0
    assert [job.state for job in keliu.ask(engine.queries.jobs, states=("cancelled",))] == ["cancelled"]


def test_an_interrupting_timer_takes_the_task_away(keliu: World) -> None:
    late = (
        timer("remind", "PT1H", attached="call") + user_task("visit") + flow("remind", "visit") + flow("visit", "done")
    )
    keliu.deploy(process(user_task("call"), late, names=("call",)))
    instance_id = keliu.start("process").instance_id
    task = keliu.task(instance_id, "call")

    keliu.clock.advance(timedelta(hours=1))
    keliu.run_due()

    assert keliu.open(instance_id) == ["visit"]
    with pytest.raises(engine.TaskCancelled):
        keliu.do(engine.CompleteTask(task_id=task.id, actor="li", groups=SALES))
    assert any(isinstance(event, engine.events.TaskCancelled) for event in keliu.heard)
    check(keliu, instance_id)


def test_late_cycles_catch_up_one_by_one(keliu: World) -> None:
    cycle = timer("remind", "R5/PT1H", attached="call", interrupting=False, kind="Cycle")
    keliu.deploy(
        process(user_task("call"), cycle + '<bpmn:endEvent id="told" />' + flow("remind", "told"), names=("call",))
    )
    instance_id = keliu.start("process").instance_id

    keliu.clock.advance(timedelta(hours=3))
    assert keliu.run_due() == 3
    keliu.clock.advance(timedelta(hours=10))
    assert keliu.run_due() == 2

    assert keliu.kinds(instance_id).count("timer_fired") == 5
    assert keliu.open(instance_id) == ["call"]


def test_somebody_with_the_right_brings_a_timer_forward(keliu: World) -> None:
    keliu.deploy(process(timer("pause", "P3D"), user_task("call"), names=("pause", "call")))
    instance_id = keliu.start("process").instance_id
    (job,) = keliu.ask(engine.queries.jobs, instance_id=instance_id)

    keliu.do(engine.RunJob(job_id=job.id, actor="boss"))

    assert keliu.open(instance_id) == ["call"]
    with pytest.raises(engine.JobNotRunnable):
        keliu.do(engine.RunJob(job_id=job.id, actor="boss"))
    log = engine.tables.audit_log
    assert keliu.ask(lambda session: session.execute(select(log.c.actor).where(log.c.action == "RunJob")).all()) == [
        ("boss",)
    ]


# --- deadlines -----------------------------------------------------------------------------------------------------


def test_a_service_level_warns_three_times_on_the_working_calendar(keliu: World) -> None:
    keliu.deploy(process(user_task("call", serviceLevel="10"), names=("call",)))
    instance_id = keliu.start("process").instance_id
    task = keliu.task(instance_id, "call")
    # Ten working hours from Monday 09:00: seven and a half until 18:00 without lunch, then until 11:00 on Tuesday.
    assert task.due_at == datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
    assert (task.service_minutes, task.calendar) == (600, "sales")

    stages = []
    for _ in range(5 * 24):
        keliu.clock.advance(timedelta(hours=1))
        keliu.run_due()
        new = [event for event in keliu.heard if isinstance(event, engine.DeadlineReached)][len(stages) :]
        stages += [(event.stage, event.at) for event in new]

    assert stages == [
        ("reminder", datetime(2026, 11, 24, 1, 0, tzinfo=UTC)),
        ("overdue", datetime(2026, 11, 24, 3, 0, tzinfo=UTC)),
        ("escalation", datetime(2026, 11, 25, 3, 0, tzinfo=UTC)),
    ]
    assert keliu.kinds(instance_id).count("deadline_reached") == 3
    assert keliu.open(instance_id) == ["call"]


def test_a_task_done_in_time_is_never_reminded(keliu: World) -> None:
    keliu.deploy(process(user_task("call", serviceLevel="8"), user_task("visit"), names=("call", "visit")))
    instance_id = keliu.start("process").instance_id
    jobs = keliu.ask(engine.queries.jobs, instance_id=instance_id)
    assert [job.payload["stage"] for job in jobs] == ["reminder", "overdue", "escalation"]
    assert jobs[0].payload["explanation"]["working_hours"] == 8

    keliu.do(engine.CompleteTask(task_id=keliu.task(instance_id, "call").id, actor="li", groups=SALES))
    keliu.clock.advance(timedelta(days=9))

    assert keliu.run_due() == 0
    assert not [event for event in keliu.heard if isinstance(event, engine.DeadlineReached)]


# --- service tasks -------------------------------------------------------------------------------------------------


def test_a_service_task_runs_right_after_the_commit(keliu: World) -> None:
    calls = []

    def price(_session: Session, call: engine.ServiceCall) -> dict[str, object]:
        calls.append(call)
        return {"price": call.variables["amount"] * 2}

    keliu.handlers.register("price", price)
    keliu.deploy(process(service("work_out", "price"), user_task("call"), names=("work_out", "call")))

    instance_id = keliu.start("process", business_key="K-1", variables={"amount": 4}).instance_id

    assert keliu.open(instance_id) == ["call"]
    assert keliu.ask(engine.queries.instance, instance_id).variables == {"amount": 4, "price": 8}
    (call,) = calls
    assert (call.business_key, call.node_id, call.attempt, call.topic) == ("K-1", "work_out", 1, "price")


def test_a_long_chain_of_service_tasks_runs_through(keliu: World) -> None:
    keliu.handlers.register("count", lambda _session, call: {"n": call.variables["n"] + 1})
    names = tuple(f"s{number}" for number in range(40))
    keliu.deploy(process(*(service(name, "count") for name in names), user_task("call"), names=(*names, "call")))

    instance_id = keliu.start("process", variables={"n": 0}).instance_id

    assert keliu.ask(engine.queries.instance, instance_id).variables == {"n": 40}
    assert keliu.open(instance_id) == ["call"]


def test_a_business_error_takes_the_boundary_event(keliu: World) -> None:
    def refuse(_session: Session, _call: engine.ServiceCall) -> None:
        raise engine.BpmnError("NO_CREDIT", "limit reached")

    keliu.handlers.register("book", refuse)
    boundary = (
        '<bpmn:boundaryEvent id="refused" attachedToRef="book"><bpmn:errorEventDefinition /></bpmn:boundaryEvent>'
        + user_task("call")
        + flow("refused", "call")
        + flow("call", "done")
    )
    keliu.deploy(process(service("book", "book"), boundary, names=("book",)))

    instance_id = keliu.start("process").instance_id

    assert keliu.open(instance_id) == ["call"]
    check(keliu, instance_id)


def test_a_poison_handler_is_tried_four_times_and_becomes_an_incident(keliu: World) -> None:
    attempts = []

    def poison(session: Session, call: engine.ServiceCall) -> None:
        attempts.append((call.attempt, call.at - MONDAY))
        session.execute(insert(engine.tables.audit_log).values(at=call.at, actor="x", action="half done", facts={}))
        raise RuntimeError("the other side is down")

    keliu.handlers.register("send", poison)
    keliu.deploy(process(service("send", "send"), user_task("call"), names=("send", "call")))
    healthy = keliu.start("process", business_key="K-0").instance_id
    assert healthy is not None
    attempts.clear()
    keliu.do(engine.CancelInstance(instance_id=healthy))
    instance_id = keliu.start("process", business_key="K-1").instance_id

    for _ in range(60):
        keliu.clock.advance(timedelta(minutes=1))
        keliu.run_due()

    minutes = [int(after.total_seconds() // 60) for _, after in attempts]
    assert [attempt for attempt, _ in attempts] == [1, 2, 3, 4]
    assert minutes == [0, 1, 6, 36]
    (job,) = keliu.ask(engine.queries.jobs, instance_id=instance_id, states=("failed",))
    assert job.last_error == "RuntimeError: the other side is down"
    (incident,) = keliu.ask(engine.queries.incidents, instance_id=instance_id)
    assert (incident.node_id, incident.job_id, incident.kind) == ("send", job.id, "service_task")
    log = engine.tables.audit_log
    assert keliu.ask(lambda session: session.execute(select(log).where(log.c.action == "half done")).all()) == []


def test_a_repaired_job_is_tried_again_and_closes_its_incident(keliu: World) -> None:
    broken = True

    def send(_session: Session, _call: engine.ServiceCall) -> None:
        if broken:
            raise RuntimeError("down")

    keliu.handlers.register("send", send)
    keliu.deploy(process(service("send", "send"), user_task("call"), names=("send", "call")))
    instance_id = keliu.start("process").instance_id
    keliu.clock.advance(timedelta(hours=1))
    for _ in range(3):
        keliu.run_due()
        keliu.clock.advance(timedelta(hours=1))
    (job,) = keliu.ask(engine.queries.jobs, instance_id=instance_id, states=("failed",))
    check(keliu, instance_id)

    broken = False
    keliu.do(engine.RetryJob(job_id=job.id, actor="operator"))
    keliu.run_due()

    assert keliu.open(instance_id) == ["call"]
    assert keliu.ask(engine.queries.incidents) == ()


def test_a_step_that_failed_and_is_left_troubles_nobody(keliu: World) -> None:
    def send(_session: Session, _call: engine.ServiceCall) -> None:
        raise RuntimeError("down")

    keliu.handlers.register("send", send)
    keliu.deploy(process(service("send", "send"), user_task("call"), names=("send", "call")))
    instance_id = str(keliu.start("process").instance_id)
    for _ in range(4):
        keliu.clock.advance(timedelta(hours=1))
        keliu.run_due()
    (incident,) = keliu.ask(engine.queries.incidents, instance_id=instance_id)
    move = engine.ModifyInstance(instance_id=instance_id, instructions=engine.move("send", "call"), actor="operator")
    keliu.do(move)

    assert keliu.open(instance_id) == ["call"]
    assert keliu.ask(engine.queries.incidents) == ()
    (job,) = keliu.ask(engine.queries.jobs, instance_id=instance_id, states=("cancelled",))
    assert job.id == incident.job_id
    check(keliu, instance_id)


# --- leases, rings, work -------------------------------------------------------------------------------------------


def test_a_job_of_a_silent_worker_is_taken_back(keliu: World) -> None:
    keliu.deploy(process(timer("pause", "PT1H"), user_task("call"), names=("pause", "call")))
    instance_id = keliu.start("process").instance_id
    keliu.clock.advance(timedelta(hours=1))
    (taken,) = keliu.database.write(lambda session: engine.jobs.claim(session, "dead-worker"))
    assert keliu.run_due() == 0

    keliu.clock.advance(timedelta(minutes=6))
    assert engine.jobs.rescue_lost(keliu.database) == 1
    assert keliu.run_due() == 1

    assert keliu.open(instance_id) == ["call"]
    assert engine.jobs.run_claimed(keliu.database, taken) is False  # the dead come back: the fence holds
    assert keliu.kinds(instance_id).count("timer_fired") == 1


def test_a_job_that_kills_its_worker_uses_up_its_attempts(keliu: World) -> None:
    keliu.deploy(process(timer("pause", "PT1H"), user_task("call"), names=("pause", "call")))
    instance_id = keliu.start("process").instance_id
    keliu.clock.advance(timedelta(hours=1))

    for _ in range(4):
        assert len(keliu.database.write(lambda session: engine.jobs.claim(session, "dies"))) == 1
        keliu.clock.advance(timedelta(minutes=6))
        engine.jobs.rescue_lost(keliu.database)

    assert keliu.database.write(lambda session: engine.jobs.claim(session, "dies")) == []
    (incident,) = keliu.ask(engine.queries.incidents, instance_id=instance_id)
    assert "LeaseLost" in incident.message


def test_only_the_worker_with_the_lease_runs_a_job(keliu: World) -> None:
    keliu.deploy(process(timer("pause", "PT1H"), user_task("call"), names=("pause", "call")))
    keliu.start("process")
    keliu.clock.advance(timedelta(hours=1))
    (taken,) = keliu.database.write(lambda session: engine.jobs.claim(session, "one"))

    with pytest.raises(engine.LeaseLost):
        keliu.do(engine.RunJob(job_id=taken.id, worker="two"))
    with pytest.raises(engine.JobNotRunnable):
        keliu.do(engine.RunJob(job_id=taken.id, actor="boss"))


def test_work_of_a_slice_runs_with_its_payload_once(keliu: World) -> None:
    done = []
    keliu.handlers.register_work("imports.run", lambda _session, work: done.append(work.payload))

    for _ in range(3):  # the same work asked for three times
        keliu.do(engine.AddWork(topic="imports.run", payload={"batch": 7}, dedupe_key="import:7"))
    assert done == []
    keliu.run_due()
    assert done == [{"batch": 7}]

    keliu.do(engine.AddWork(topic="imports.run", payload={"batch": 7}, dedupe_key="import:7"))
    keliu.run_due()
    assert len(done) == 2
    with pytest.raises(engine.NotFound):
        keliu.do(engine.AddWork(topic="imports.walk"))


def test_prompt_work_is_done_when_the_request_returns(keliu: World) -> None:
    done = []
    keliu.handlers.register_work("notices.send", lambda _session, work: done.append(work.attempt), prompt=True)

    keliu.do(engine.AddWork(topic="notices.send"))

    assert done == [1]


def test_lost_rings_are_found_and_doubled_rings_change_nothing(keliu: World) -> None:
    done = []
    keliu.handlers.register_work("count", lambda _session, work: done.append(work.job_id))
    ids = [keliu.do(engine.AddWork(topic="count", payload={"n": n})).job_id for n in range(60)]

    kept = [number for index, number in enumerate(ids) if index % 10]  # every tenth ring is lost
    for number in (*kept, *kept[:10]):  # ten come twice
        assert number is not None
        engine.jobs.run_prompt(keliu.database, [number])
    assert len(done) == 54
    keliu.run_due()  # the sweep

    assert sorted(done) == ids


def test_the_ledger_is_read_by_its_index(keliu: World) -> None:
    keliu.handlers.register_work("count", lambda _session, _work: None)
    due = keliu.clock.now()
    states = ("completed", "cancelled")
    rows = [
        {"kind": "work", "topic": "count", "payload": {}, "state": states[n % 2], "due_at": due, "created_at": due}
        for n in range(3_000)
    ]
    keliu.database.write(lambda session: session.connection().execute(insert(JOB), rows) and None)
    waiting = select(JOB.c.id).where(engine.jobs.claiming.OURS_NOW, JOB.c.priority == 0, JOB.c.due_at <= due)
    query = waiting.order_by(JOB.c.due_at, JOB.c.id)
    text = str(query.compile(keliu.database.engine, compile_kwargs={"literal_binds": True}))
    explain = "EXPLAIN QUERY PLAN " if keliu.database.dialect == "sqlite" else "EXPLAIN "
    keliu.database.write(lambda session: session.connection().exec_driver_sql("ANALYZE") and None)

    plan = keliu.ask(lambda session: session.connection().exec_driver_sql(explain + text.replace("%", "%%")).all())

    assert "ix_job_priority_due_at" in str(plan)


def test_a_finished_job_is_never_taken_again(keliu: World) -> None:
    keliu.handlers.register_work("count", lambda _session, _work: None)
    number = keliu.do(engine.AddWork(topic="count")).job_id
    keliu.run_due()
    keliu.database.write(lambda session: session.execute(update(JOB).values(due_at=MONDAY)) and None)

    assert keliu.run_due() == 0
    assert keliu.ask(engine.queries.job, number).state == "completed"
