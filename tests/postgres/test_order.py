"""Signals, messages, timers and people reach one instance at the same moment: each counts once, one after the other."""

from __future__ import annotations

import itertools
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import engine
from engine.testing import check_instance
from tests.support.engine_world import BACKENDS, World, bpmn, flow, fresh_url, timer, user_task, world
from tests.support.racing import together

INSTANCES = min(50, 8 * int(os.environ.get("KELIU_TEST_SCALE", "1")))
EACH = 10
"""Signals, messages, timers and completions of every instance."""
SALES = frozenset({"sales"})


def caught(kind: str, name: str) -> str:
    """Something that is heard as often as it comes while the task is open."""
    definition = f'<bpmn:{kind}EventDefinition id="d_{name}" {kind}Ref="{kind[0]}_{name}" />'
    return (
        f'<bpmn:boundaryEvent id="on_{name}" attachedToRef="hold" cancelActivity="false">{definition}'
        f'</bpmn:boundaryEvent><bpmn:endEvent id="after_{name}" />' + flow(f"on_{name}", f"after_{name}")
    )


MANY = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>10</bpmn:loopCardinality>"
BUSY = bpmn(
    "busy",
    '<bpmn:startEvent id="begin" /><bpmn:parallelGateway id="split" />'
    + user_task("hold")
    + '<bpmn:userTask id="call" camunda:candidateGroups="sales">'
    + f"{MANY}</bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>"
    + caught("signal", "price")
    + caught("message", "reply")
    + timer("remind", f"R{EACH}/PT1H", attached="hold", interrupting=False, kind="Cycle")
    + '<bpmn:endEvent id="reminded" /><bpmn:endEvent id="held" /><bpmn:endEvent id="called" />'
    + flow("begin", "split")
    + flow("split", "hold")
    + flow("split", "call")
    + flow("remind", "reminded")
    + flow("hold", "held")
    + flow("call", "called"),
    messages=("reply",),
    signals=("price",),
)


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with world(fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))) as opened:
        opened.deploy(BUSY)
        yield opened


def doing(keliu: World, commands: list[engine.Command]) -> Callable[[], None]:
    """One after the other, each until it is done: who was too slow three times is told so and tries again."""

    def work() -> None:
        for command in commands:
            while True:
                try:
                    keliu.do(command)
                    break
                except engine.InstanceChanged:
                    continue

    return work


def orders(keliu: World, instance_id: str) -> list[engine.Command]:
    """Everything that people and programs want of one instance."""
    tasks = [task for task in keliu.ask(engine.queries.open_tasks, instance_id) if task.node_id == "call"]
    assert len(tasks) == EACH
    return [
        *(engine.BroadcastSignal(name="price", instance_id=instance_id, actor="market") for _ in range(EACH)),
        *(engine.CorrelateMessage(name="reply", instance_id=instance_id, actor="customer") for _ in range(EACH)),
        *(engine.CompleteTask(task_id=task.id, actor="li", groups=SALES) for task in tasks),
    ]


@pytest.mark.slow
def test_forty_events_of_each_instance_are_none_lost_and_in_order(keliu: World) -> None:
    ids = [str(keliu.start("busy").instance_id) for _ in range(INSTANCES)]
    wanted = [orders(keliu, instance_id) for instance_id in ids]
    mixed = [command for column in zip(*wanted, strict=True) for command in column]  # all instances at the same time
    over = threading.Event()

    def timers(worker: str) -> None:
        while not over.is_set():
            if not engine.jobs.run_due(keliu.database, worker):
                keliu.clock.advance(timedelta(minutes=20))

    def people() -> None:
        together(*[doing(keliu, mixed[number::4]) for number in range(4)])
        over.set()

    results = together(people, lambda: timers("worker-1"), lambda: timers("worker-2"))
    assert results == [None] * 3
    keliu.clock.advance(timedelta(hours=EACH))
    keliu.run_due()

    for instance_id in ids:
        history = keliu.ask(engine.queries.history, instance_id, limit=1_000)
        passed = Counter(row.node_id for row in history if row.kind == "node_passed")
        assert [passed[node] for node in ("after_price", "after_reply", "reminded", "called")] == [EACH] * 3 + [1]
        kinds = Counter(row.kind for row in history)
        assert (kinds["timer_fired"], kinds["task_completed"]) == (EACH, EACH)
        assert keliu.ask(engine.queries.instance, instance_id).version == 1 + 4 * EACH
        assert [row.id for row in history] == sorted(row.id for row in history)
        assert all(before.at <= after.at for before, after in itertools.pairwise(history))
        assert keliu.open(instance_id) == ["hold"]
        keliu.ask(check_instance, instance_id)
    assert keliu.ask(engine.queries.incidents) == ()
