"""Callers and called processes at the same moment: nobody waits for the other for ever, everything happens once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

import engine
from engine.tables import process_instance as pi
from engine.testing import check_instance
from tests.support.engine_world import BACKENDS, World, bpmn, chain, fresh_url, user_task, world
from tests.support.racing import together

SALES = frozenset({"sales"})
LOOP = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>6</bpmn:loopCardinality>"
PARENT = bpmn(
    "parent",
    '<bpmn:startEvent id="begin" /><bpmn:endEvent id="done" />'
    f'<bpmn:callActivity id="call" calledElement="child">{LOOP}</bpmn:multiInstanceLoopCharacteristics>'
    "</bpmn:callActivity>" + user_task("after") + chain("begin", "call", "after", "done"),
)
CHILD = bpmn("child", '<bpmn:startEvent id="begin" />' + user_task("work") + chain("begin", "work"))


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with world(fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))) as opened:
        opened.deploy(PARENT, CHILD)
        yield opened


def children(keliu: World, instance_id: str | None) -> list[engine.InstanceRow]:
    with keliu.database.read() as session:
        found = session.scalars(select(pi.c.id).where(pi.c.parent_instance_id == instance_id)).all()
        return [engine.queries.instance(session, child) for child in found]


def completing(keliu: World, child: engine.InstanceRow) -> Callable[[], object]:
    task = keliu.task(child.id, "work")
    return lambda: keliu.do(engine.CompleteTask(task_id=task.id, actor="li.na", groups=SALES))


def cancelling(keliu: World, instance_id: str) -> Callable[[], object]:
    command = engine.CancelInstance(instance_id=instance_id, reason="no more", actor="operator")
    return lambda: keliu.do(command)


def test_all_called_processes_end_at_once(keliu: World) -> None:
    for _ in range(3):
        started = keliu.start("parent")
        called = children(keliu, started.instance_id)
        results = together(*[completing(keliu, child) for child in called])
        assert not [result for result in results if isinstance(result, Exception)]
        keliu.run_due()
        assert keliu.open(started.instance_id) == ["after"]
        assert keliu.kinds(started.instance_id).count("call_ended") == 6
        keliu.ask(check_instance, str(started.instance_id))


def test_the_caller_is_cancelled_while_called_processes_end(keliu: World) -> None:
    for _ in range(3):
        started = keliu.start("parent")
        instance_id = str(started.instance_id)
        called = children(keliu, instance_id)
        results = together(*(completing(keliu, child) for child in called), cancelling(keliu, instance_id))
        unexpected = [r for r in results if isinstance(r, Exception) and not isinstance(r, engine.Conflict)]
        assert not unexpected
        assert not isinstance(results[-1], Exception)
        keliu.run_due()
        ended = (engine.InstanceState.COMPLETED, engine.InstanceState.CANCELLED)
        assert all(child.state in ended for child in children(keliu, instance_id))
        for instance in (instance_id, *(child.id for child in called)):
            keliu.ask(check_instance, instance)
        assert keliu.ask(engine.queries.incidents) == ()
