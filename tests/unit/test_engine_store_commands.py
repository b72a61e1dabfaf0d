"""What people do with tasks, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

import engine
from engine.testing import check_instance
from tests.support.engine_world import BACKENDS, MONDAY, TWO_TASKS, World, bpmn, chain, fresh_url, user_task, world

SALES = frozenset({"sales"})


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url) as opened:
        opened.deploy(TWO_TASKS)
        yield opened


def started(keliu: World, **command: object) -> str:
    result = keliu.start("two_tasks", business_key="K-1", **command)
    assert result.instance_id is not None
    return result.instance_id


def test_a_started_process_waits_at_its_first_task(keliu: World) -> None:
    result = keliu.start("two_tasks", business_key="K-1", title="Gearbox leaks", variables={"amount": 5})

    (task,) = result.created
    assert (task.node_id, task.state, task.candidate_groups) == ("first", engine.TaskState.CREATED, ("sales",))
    instance = keliu.ask(engine.queries.instance, result.instance_id)
    assert (instance.title, instance.variables, instance.state) == ("Gearbox leaks", {"amount": 5}, "active")
    assert keliu.kinds(result.instance_id) == ["instance_started", "node_passed", "task_created"]


def test_the_start_form_completes_the_first_task_in_the_same_commit(keliu: World) -> None:
    result = keliu.start("two_tasks", complete_task="first", complete_variables={"first_by": "starter"})

    assert [task.node_id for task in result.created] == ["second"]
    first = keliu.ask(engine.queries.tasks_of, result.instance_id)[0]
    assert (first.state, first.assignee, first.ended_by) == ("completed", "starter", "starter")
    assert keliu.ask(engine.queries.instance, result.instance_id).version == 1


def test_a_candidate_completes_a_task_nobody_has_claimed(keliu: World) -> None:
    instance_id = started(keliu)
    task = keliu.task(instance_id, "first")
    keliu.clock.advance(timedelta(hours=1))

    result = keliu.do(engine.CompleteTask(task_id=task.id, actor="li", groups=SALES, variables={"first_by": "li"}))

    assert result.task is not None
    assert (result.task.assignee, result.task.ended_by) == ("li", "li")
    stored = keliu.ask(engine.queries.task, task.id)
    assert (stored.state, stored.assignee, stored.ended_at) == ("completed", "li", MONDAY + timedelta(hours=1))
    assert keliu.open(instance_id) == ["second"]
    completed = next(r for r in keliu.ask(engine.queries.history, instance_id) if r.kind == "task_completed")
    assert (completed.actor, completed.changes) == ("li", {"first_by": "li"})


def test_an_outsider_may_not_complete_or_claim(keliu: World) -> None:
    task = keliu.task(started(keliu), "first")

    for command in (
        engine.CompleteTask(task_id=task.id, actor="wu", groups=frozenset({"finance"})),
        engine.ClaimTask(task_id=task.id, actor="wu", groups=frozenset({"finance"})),
    ):
        with pytest.raises(engine.NotAllowed) as refused:
            keliu.do(command)
        assert refused.value.facts["actor"] == "wu"
    assert keliu.ask(engine.queries.task, task.id).state == "created"


def test_a_claimed_task_names_who_has_it(keliu: World) -> None:
    task = keliu.task(started(keliu), "first")
    keliu.do(engine.ClaimTask(task_id=task.id, actor="li", groups=SALES))
    keliu.do(engine.ClaimTask(task_id=task.id, actor="li", groups=SALES))  # again changes nothing

    for command in (
        engine.ClaimTask(task_id=task.id, actor="wu", groups=SALES),
        engine.CompleteTask(task_id=task.id, actor="wu", groups=SALES),
    ):
        with pytest.raises(engine.TaskAlreadyClaimed) as refused:
            keliu.do(command)
        assert refused.value.facts["assignee"] == "li"


def test_a_completed_task_names_who_did_it_and_when(keliu: World) -> None:
    task = keliu.task(started(keliu), "first")
    keliu.do(engine.CompleteTask(task_id=task.id, actor="li", groups=SALES, variables={"first_by": "li"}))

    with pytest.raises(engine.TaskAlreadyCompleted) as refused:
        keliu.do(engine.CompleteTask(task_id=task.id, actor="wu", groups=SALES))

    assert refused.value.facts == {"task_id": task.id, "completed_by": "li", "completed_at": MONDAY}


def test_a_released_task_goes_back_to_its_candidates(keliu: World) -> None:
    instance_id = started(keliu)
    task = keliu.task(instance_id, "first")
    keliu.do(engine.ClaimTask(task_id=task.id, actor="li", groups=SALES))

    with pytest.raises(engine.NotAllowed):
        keliu.do(engine.ReleaseTask(task_id=task.id, actor="wu"))
    keliu.do(engine.ReleaseTask(task_id=task.id, actor="li"))

    assert keliu.ask(engine.queries.task, task.id).state == "created"
    assert keliu.kinds(instance_id)[-2:] == ["task_claimed", "task_released"]
    assigned = [event for event in keliu.heard if isinstance(event, engine.TaskAssigned)]
    assert [(event.previous, event.assignee) for event in assigned] == [(None, "li"), ("li", None)]


def test_the_excluded_person_can_neither_claim_nor_complete_nor_be_assigned(keliu: World) -> None:
    instance_id = started(keliu, complete_task="first", complete_variables={"first_by": "li"})
    task = keliu.task(instance_id, "second")
    assert keliu.ask(engine.queries.task, task.id).excluded_users == ("li",)

    for command in (
        engine.ClaimTask(task_id=task.id, actor="li", groups=SALES),
        engine.CompleteTask(task_id=task.id, actor="li", groups=SALES),
        engine.CompleteTask(task_id=task.id, actor="li", override=True),
        engine.AssignTask(task_id=task.id, assignee="li", reason="busy", actor="boss"),
    ):
        with pytest.raises(engine.NotAllowed):
            keliu.do(command)
    keliu.do(engine.AssignTask(task_id=task.id, assignee="wu", reason="busy", actor="boss"))
    assert keliu.ask(engine.queries.task, task.id).assignee == "wu"


def test_the_last_task_ends_the_instance(keliu: World) -> None:
    instance_id = started(keliu, complete_task="first", complete_variables={"first_by": "li"})
    task = keliu.task(instance_id, "second")

    result = keliu.do(engine.CompleteTask(task_id=task.id, actor="wu", groups=SALES, variables={"outcome": "done"}))

    assert result.state is engine.InstanceState.COMPLETED
    instance = keliu.ask(engine.queries.instance, instance_id)
    assert (instance.state, instance.ended_at) == ("completed", MONDAY)
    assert instance.variables["outcome"] == "done"
    assert keliu.ask(engine.queries.tokens, instance_id) == ()
    assert keliu.ask(engine.queries.passed, instance_id) >= {"begin", "first", "second", "done"}
    assert isinstance(keliu.heard[-1], engine.InstanceEnded)


def test_a_business_key_belongs_to_one_active_instance(keliu: World) -> None:
    instance_id = started(keliu)

    with pytest.raises(engine.BusinessKeyTaken):
        started(keliu)
    keliu.do(engine.CancelInstance(instance_id=instance_id, reason="entered twice", actor="boss"))

    again = started(keliu)
    found = keliu.ask(engine.queries.instance_by_key, "two_tasks", "K-1")
    assert found is not None
    assert found.id == again


def test_a_cancelled_instance_leaves_nothing_waiting(keliu: World) -> None:
    instance_id = started(keliu)
    task = keliu.task(instance_id, "first")

    keliu.do(engine.CancelInstance(instance_id=instance_id, reason="entered twice", actor="boss"))

    instance = keliu.ask(engine.queries.instance, instance_id)
    assert (instance.state, instance.end_reason) == ("cancelled", "entered twice")
    assert keliu.ask(engine.queries.task, task.id).state == "cancelled"
    with pytest.raises(engine.TaskCancelled):
        keliu.do(engine.CompleteTask(task_id=task.id, actor="li", groups=SALES))
    with pytest.raises(engine.InstanceNotActive):
        keliu.do(engine.CancelInstance(instance_id=instance_id, actor="boss"))
    assert [type(event) for event in keliu.heard][-2:] == [engine.events.TaskCancelled, engine.InstanceEnded]


@pytest.mark.parametrize(
    ("value", "path"),
    [(MONDAY, "when"), ({"deep": [1, {2, 3}]}, "when.deep.1"), (float("nan"), "when"), (2**70, "when"), (b"x", "when")],
)
def test_only_json_values_become_variables(keliu: World, value: object, path: str) -> None:
    task = keliu.task(started(keliu), "first")

    with pytest.raises(engine.BadVariables) as refused:
        keliu.do(engine.CompleteTask(task_id=task.id, actor="li", groups=SALES, variables={"when": value}))

    assert refused.value.facts["path"] == path
    assert keliu.ask(engine.queries.task, task.id).state == "created"


def test_what_is_not_there_is_said_by_name(keliu: World) -> None:
    nowhere = "00000000-0000-0000-0000-000000000000"
    for command, error in (
        (engine.CompleteTask(task_id=nowhere, actor="li"), engine.TaskNotFound),
        (engine.StartProcess(process_key="nothing"), engine.DefinitionNotFound),
        (engine.CancelInstance(instance_id=nowhere), engine.InstanceNotFound),
        (engine.RunJob(job_id=99), engine.JobNotFound),
        (engine.StartProcess(process_key="two_tasks", complete_task="second"), engine.TaskNotFound),
    ):
        with pytest.raises(error):
            keliu.do(command)
    assert keliu.ask(engine.queries.instances) == ()


def test_variables_are_repaired_with_a_reason(keliu: World) -> None:
    instance_id = started(keliu)

    keliu.do(engine.SetVariables(instance_id=instance_id, variables={"amount": 7}, reason="typing", actor="boss"))

    assert keliu.ask(engine.queries.instance, instance_id).variables == {"amount": 7}
    with keliu.database.read() as session:
        check_instance(session, instance_id)
        log = session.execute(select(engine.tables.audit_log.c.actor, engine.tables.audit_log.c.action)).all()
    assert ("boss", "SetVariables") in [tuple(row) for row in log]


def test_a_commit_in_between_is_noticed(keliu: World) -> None:
    instance_id = started(keliu)
    task = keliu.task(instance_id, "first")
    instances = engine.tables.process_instance

    def overtaken(session: object) -> None:
        raise_version = update(instances).where(instances.c.id == instance_id).values(version=instances.c.version + 1)
        unit, row = locked(session, instance_id)
        session.connection().execute(raise_version)  # type: ignore[attr-defined]  # a session
        save_after(unit, row, task.id)

    with pytest.raises(engine.InstanceChanged):
        keliu.database.write(overtaken)
    assert keliu.open(instance_id) == ["first"]


def locked(session: object, instance_id: str) -> tuple[object, object]:
    from engine.commands.unit import lock_instance

    return lock_instance(session, instance_id, "li")  # type: ignore[arg-type]  # a session


def save_after(unit: object, row: object, task_id: str) -> None:
    from engine.commands.projection import known
    from engine.commands.saving import save
    from engine.commands.unit import restore

    execution = restore(unit, row)  # type: ignore[arg-type]  # what lock_instance returned
    rows = known(execution.waiting())
    execution.complete(task_id, {"first_by": "li"})
    save(unit, execution, rows)  # type: ignore[arg-type]  # what lock_instance returned


def test_a_failing_expression_leaves_the_task_open_and_an_incident(keliu: World) -> None:
    keliu.deploy(
        bpmn(
            "fragile",
            '<bpmn:startEvent id="begin" />'
            + user_task("first")
            + user_task("second", 'camunda:assignee="${missing.name}"')
            + '<bpmn:endEvent id="done" />'
            + chain("begin", "first", "second", "done"),
        )
    )
    instance_id = keliu.start("fragile").instance_id
    task = keliu.task(instance_id, "first")
    command = engine.CompleteTask(task_id=task.id, actor="li", groups=SALES, variables={"words": "kept"})

    with pytest.raises(engine.ExecutionFailed) as failed:
        keliu.do(command)

    assert (failed.value.facts["instance_id"], failed.value.facts["node_id"]) == (instance_id, "second")
    assert keliu.open(instance_id) == ["first"]
    (incident,) = keliu.ask(engine.queries.incidents, instance_id=instance_id)
    assert incident.command is not None
    assert engine.commands.codec.from_json(incident.command) == command
    keliu.do(engine.ResolveIncident(incident_id=incident.id, actor="boss"))
    assert keliu.ask(engine.queries.incidents) == ()


def test_a_command_within_a_job_that_fails_counts_as_the_jobs_failure(keliu: World) -> None:
    keliu.deploy(
        bpmn(
            "fragile",
            '<bpmn:startEvent id="begin" />'
            + user_task("first", 'camunda:assignee="${missing.name}"')
            + '<bpmn:endEvent id="done" />'
            + chain("begin", "first", "done"),
        )
    )
    keliu.handlers.register_work(
        "start", lambda session, _work: engine.execute(session, engine.StartProcess(process_key="fragile")) and None
    )
    number = keliu.do(engine.AddWork(topic="start")).job_id

    keliu.run_due()

    job = keliu.ask(engine.queries.job, number)
    assert (job.state, job.attempts) == ("retryable", 1)
    assert keliu.ask(engine.queries.incidents) == ()  # not before its attempts are used up
