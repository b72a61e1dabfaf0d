"""What an order would do is tried and taken back; who asks twice changes nothing more; on both databases."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import engine
from tests.support.engine_world import BACKENDS, MONDAY, World, bpmn, chain, fresh_url, timer, user_task, world

BODY = (
    '<bpmn:startEvent id="begin" />'
    + user_task("first")
    + timer("late", "=working_days(2)", attached="first")
    + user_task("second")
    + user_task("hurry")
    + '<bpmn:endEvent id="done" /><bpmn:endEvent id="hurried" />'
    + chain("begin", "first", "second", "done")
    + chain("late", "hurry", "hurried")
)
ERRAND = bpmn("errand", BODY)
MOVE = engine.move("first", "second")


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url) as opened:
        opened.deploy(ERRAND)
        yield opened


def rehearse(keliu: World, instance_id: str, *commands: engine.Command) -> engine.Rehearsal:
    found: engine.Rehearsal = keliu.database.write(lambda session: engine.rehearse(session, instance_id, *commands))
    return found


def test_a_rehearsal_shows_the_difference_and_leaves_nothing(keliu: World) -> None:
    one = str(keliu.start("errand", variables={"size": 1}).instance_id)
    before = (keliu.kinds(one), keliu.ask(engine.queries.jobs, instance_id=one), keliu.open(one))
    change = engine.SetVariables(instance_id=one, variables={"size": 2, "colour": "红"}, actor="kang")
    found = rehearse(keliu, one, change, engine.ModifyInstance(instance_id=one, instructions=MOVE, actor="kang"))
    assert [task.node_id for task in found.gone.tasks] == ["first"]
    assert [(task.node_id, task.candidate_groups) for task in found.new.tasks] == [("second", ("sales",))]
    assert [job.node_id for job in found.gone.jobs] == ["late"] and not found.ends
    assert found.variables == {"colour": (None, "红"), "size": (1, 2)}
    assert rehearse(keliu, one, engine.CancelInstance(instance_id=one)).ends
    with pytest.raises(engine.PlanRefused):
        wrong = engine.ModifyInstance(instance_id=one, instructions=engine.move("second", "first"))
        rehearse(keliu, one, wrong)
    assert (keliu.kinds(one), keliu.ask(engine.queries.jobs, instance_id=one), keliu.open(one)) == before
    assert keliu.ask(engine.queries.verify_chains).breaks == ()


def test_a_timer_moved_by_hand_stays_where_it_was_put(keliu: World) -> None:
    one = str(keliu.start("errand").instance_id)
    (late,) = keliu.ask(engine.queries.jobs, instance_id=one)
    keliu.do(engine.SetJobDue(job_id=late.id, shift=timedelta(days=1), reason="closed", actor="kang"))
    (moved,) = keliu.ask(engine.queries.jobs, instance_id=one)
    assert moved.due_at == late.due_at + timedelta(days=1)
    keliu.do(engine.RecomputeDeadlines(instance_id=one, cause="calendar"))
    assert keliu.ask(engine.queries.jobs, instance_id=one)[0].due_at == moved.due_at
    assert keliu.ask(engine.queries.job, late.id).payload["explanation"]["moved"]["reason"] == "closed"
    keliu.do(engine.CancelTimer(job_id=late.id, reason="never", actor="kang"))
    keliu.clock.set(MONDAY + timedelta(days=30))
    keliu.run_due()
    assert keliu.open(one) == ["first"]
    with pytest.raises(engine.JobNotFound):
        keliu.do(engine.CancelTimer(job_id=late.id, reason="twice"))
    keliu.do(engine.ModifyInstance(instance_id=one, instructions=MOVE))  # what was cancelled is in nobody's way
    assert keliu.open(one) == ["second"]


def test_the_same_request_sent_by_two_hands_at_once_starts_one_batch(keliu: World) -> None:
    ids = tuple(str(keliu.start("errand").instance_id) for _ in "12")
    template = engine.SuspendInstance(instance_id="", reason="audit")
    order = engine.StartBatch(template=template, subjects=ids, request_key="a" * 32, actor="kang")
    found: list[int | None] = []
    both = threading.Barrier(2)

    def press() -> None:
        both.wait()
        found.append(keliu.do(order).batch_id)

    hands = [threading.Thread(target=press) for _ in "12"]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert len(found) == 2 and len(set(found)) == 1
    assert len(keliu.ask(engine.queries.batches)) == 1 and keliu.ask(engine.queries.batch, found[0]).total == 2
    with pytest.raises(engine.BatchRefused):  # the key of somebody else
        keliu.do(engine.StartBatch(template=template, subjects=ids, request_key="a" * 32, actor="li"))


def test_what_failed_under_somebodys_hands_has_nothing_to_try_again(keliu: World) -> None:
    one = str(keliu.start("errand").instance_id)
    failed = engine.ExecutionFailed(instance_id=one, node_id="first", reason="division by zero")
    failed.command = engine.CompleteTask(task_id=keliu.task(one, "first").id, actor="li.na")
    number = keliu.database.write(lambda session: engine.record_incident(session, failed))
    assert number is not None
    row = keliu.ask(engine.queries.incident, number)
    assert row.cause and row.definition_id == keliu.ask(engine.queries.instance, one).definition_id
    with pytest.raises(engine.JobNotRunnable):
        keliu.do(engine.RetryIncident(incident_id=number, reason="again"))
    keliu.do(engine.ResolveIncident(incident_id=number, note="the form was mended", actor="kang"))
    assert keliu.ask(engine.queries.incident, number).annotation == "the form was mended"
    with pytest.raises(engine.NotFound):
        keliu.do(engine.RetryIncident(incident_id=number, reason="again"))
