"""One order for many instances: done item by item by the workers, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

import engine
from tests.support.engine_world import BACKENDS, World, bpmn, chain, fresh_url, service, user_task, world

BODY = '<bpmn:startEvent id="begin" />' + user_task("first") + user_task("second") + '<bpmn:endEvent id="done" />'
SLOW = bpmn("slow", BODY + chain("begin", "first", "second", "done"))
NEWER = bpmn("slow", BODY + user_task("third") + chain("begin", "first", "third", "second", "done"))
MOVE = engine.move("first", "second")


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url) as opened:
        opened.deploy(SLOW)
        yield opened


def started(keliu: World, count: int) -> list[str]:
    return [str(keliu.start("slow").instance_id) for _ in range(count)]


def begin(keliu: World, template: engine.Command, subjects: list[str] | list[int]) -> int:
    order = engine.StartBatch(template=template, subjects=tuple(subjects), reason="tidy up", actor="kang")  # type: ignore[arg-type]  # a list of one kind
    batch_id = keliu.do(order).batch_id
    assert batch_id is not None
    return batch_id


def progress(keliu: World, batch_id: int) -> tuple[str, int, int, int]:
    found = keliu.ask(engine.queries.batch, batch_id)
    return found.state.value, found.done, found.failed, found.remaining


def test_many_instances_are_moved_and_migrated(keliu: World) -> None:
    ids = started(keliu, 4)
    batch_id = begin(keliu, engine.ModifyInstance(instance_id="", instructions=MOVE, reason="tidy up"), ids)
    assert progress(keliu, batch_id) == ("active", 0, 0, 4)
    keliu.run_due()
    assert progress(keliu, batch_id) == ("completed", 4, 0, 0)
    assert {tuple(keliu.open(one)) for one in ids} == {("second",)}
    items = keliu.ask(engine.queries.batch_items, batch_id)
    assert [(one.subject, one.outcome) for one in items] == [(one, "done") for one in ids]
    (newer,) = (keliu.deploy(NEWER).deployment or pytest.fail()).definitions
    batch_id = begin(keliu, engine.MigrateInstance(instance_id="", target_definition_id=newer.id), ids)
    keliu.run_due()
    assert progress(keliu, batch_id)[0] == "completed"
    assert {keliu.ask(engine.queries.instance, one).definition_id for one in ids} == {newer.id}
    history = keliu.ask(engine.queries.history, ids[0])
    assert [row.actor for row in history if row.kind == "instance_migrated"] == ["kang"]
    assert [found.id for found in keliu.ask(engine.queries.batches)][0] == batch_id


def test_what_fails_is_an_incident_and_can_be_tried_again(keliu: World) -> None:
    ids = started(keliu, 3)
    keliu.do(engine.ModifyInstance(instance_id=ids[1], instructions=MOVE))
    batch_id = begin(keliu, engine.ModifyInstance(instance_id="", instructions=MOVE), ids)
    keliu.run_due()
    assert progress(keliu, batch_id) == ("active", 2, 1, 0)
    (item,) = keliu.ask(engine.queries.batch_items, batch_id, states=("failed",))
    assert item.subject == ids[1] and "move_not_there" in str(item.error)
    (incident,) = keliu.ask(engine.queries.incidents, instance_id=ids[1])
    assert (incident.job_id, incident.kind) == (item.job_id, "batch_item")
    keliu.do(engine.ModifyInstance(instance_id=ids[1], instructions=engine.move("second", "first")))
    again = begin(keliu, engine.RetryJob(job_id=0), [item.job_id])
    keliu.run_due()
    assert progress(keliu, batch_id) == ("completed", 3, 0, 0)
    assert progress(keliu, again)[0] == "completed"
    assert keliu.ask(engine.queries.incidents, instance_id=ids[1]) == ()


def test_a_batch_is_suspended_goes_on_and_is_deleted(keliu: World) -> None:
    ids = started(keliu, 2)
    batch_id = begin(keliu, engine.CancelInstance(instance_id="", reason="tidy up"), [*ids, "unknown"])
    keliu.do(engine.SuspendBatch(batch_id=batch_id))
    assert keliu.run_due() == 0
    keliu.do(engine.CancelInstance(instance_id=ids[0]))
    keliu.do(engine.ResumeBatch(batch_id=batch_id))
    keliu.run_due()
    assert progress(keliu, batch_id) == ("active", 2, 1, 0), "what has ended already is no failure"
    keliu.do(engine.DeleteBatch(batch_id=batch_id))
    assert progress(keliu, batch_id) == ("deleted", 2, 0, 0)
    assert keliu.ask(engine.queries.incidents) == ()
    for order in (engine.DeleteBatch, engine.SuspendBatch, engine.ResumeBatch):
        with pytest.raises(engine.BatchNotFound):
            keliu.do(order(batch_id=batch_id))


def test_every_kind_of_batch_does_its_work(keliu: World) -> None:
    printing = '<bpmn:startEvent id="begin" />' + service("print", "print") + '<bpmn:endEvent id="done" />'
    keliu.deploy(bpmn("printing", printing + chain("begin", "print", "done")))
    ids = started(keliu, 2)
    job_of = keliu.ask(engine.queries.jobs, instance_id=str(keliu.start("printing").instance_id))[0].id
    orders: list[tuple[engine.Command, list[str] | list[int]]] = [
        (engine.SetVariables(instance_id="", variables={"city": "上海"}), ids),
        (engine.SuspendInstance(instance_id=""), ids),
        (engine.ResumeInstance(instance_id=""), ids),
        (engine.SetRetries(job_id=0, retries=7), [job_of]),
        (engine.CancelInstance(instance_id=""), ids),
        (engine.RestartInstance(instance_id="", instructions=(MOVE[1],)), ids),
    ]
    for template, subjects in orders:
        batch_id = begin(keliu, template, subjects)
        keliu.run_due()
        assert progress(keliu, batch_id) == ("completed", len(subjects), 0, 0)
    items = keliu.ask(engine.queries.batch_items, batch_id)
    assert [keliu.open(item.instance_id) for item in items] == [["second"], ["second"]]
    assert keliu.ask(engine.queries.job, job_of).max_attempts == 7
    for template, subjects in ((engine.AddWork(topic="x"), ids), (engine.CancelInstance(instance_id=""), [])):
        with pytest.raises(engine.BatchRefused):
            begin(keliu, template, subjects)


def test_two_workers_share_a_batch_and_one_of_them_closes_it(keliu: World) -> None:
    ids = started(keliu, 12)
    batch_id = begin(keliu, engine.ModifyInstance(instance_id="", instructions=MOVE), ids)

    def work(name: str) -> None:
        while engine.jobs.run_due(keliu.database, name, limit=2):
            pass

    workers = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(60)
    assert progress(keliu, batch_id) == ("completed", 12, 0, 0)


def test_batches_that_ended_long_ago_go_in_pieces(keliu: World) -> None:
    ids = started(keliu, 3)
    cancelled = begin(keliu, engine.CancelInstance(instance_id="", reason="tidy up"), [*ids, "unknown"])
    keliu.run_due()
    keliu.do(engine.DeleteBatch(batch_id=cancelled))
    running = begin(keliu, engine.CancelInstance(instance_id="", reason="tidy up"), ["unknown"])
    keliu.run_due()
    short, newest = (begin(keliu, engine.SuspendInstance(instance_id=""), started(keliu, 1)) for _ in range(2))
    keliu.run_due()
    ended = keliu.clock.now()
    keliu.clock.advance(timedelta(days=1))

    def purge(before: datetime, at_most: int) -> engine.Purged:
        return keliu.database.write(lambda session: engine.purge_batches(session, before, at_most))

    assert purge(ended, 100) == engine.Purged(), "what ended at that moment has not ended before it"
    assert purge(keliu.clock.now(), 3) == engine.Purged(items=3, more=True)
    assert len(keliu.ask(engine.queries.batch_items, cancelled)) == 1
    assert purge(keliu.clock.now(), 3) == engine.Purged(batches=1, items=2, more=True)
    assert purge(keliu.clock.now(), 3) == engine.Purged(batches=1)
    for gone in (cancelled, short):
        assert keliu.ask(engine.queries.batch_items, gone) == ()
        with pytest.raises(engine.BatchNotFound):
            keliu.ask(engine.queries.batch, gone)
    assert progress(keliu, running) == ("active", 0, 1, 0)
    assert progress(keliu, newest) == ("completed", 1, 0, 0), "its number is not given again"
    states = (engine.IncidentState.OPEN, engine.IncidentState.RESOLVED)
    left, kept = keliu.ask(engine.queries.incidents, states=states)[::-1]
    assert (left.state.value, left.job_id, kept.state.value) == ("resolved", None, "open")
    keliu.do(engine.RetryJob(job_id=kept.job_id or 0))
    assert begin(keliu, engine.SuspendInstance(instance_id=""), ids) > newest
