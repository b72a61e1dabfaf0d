"""Many people at once, on PostgreSQL and on SQLite: one wins, the other reads who did it, nothing is lost."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import engine
from engine.testing import check_instance
from tests.support.engine_world import BACKENDS, TWO_TASKS, World, bpmn, chain, flow, fresh_url, timer, user_task, world
from tests.support.racing import together

SALES = frozenset({"sales"})
CLIENTS = 8
TASKS = 500


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url) as opened:
        opened.deploy(TWO_TASKS)
        yield opened


def completing(keliu: World, task_id: str, actor: str) -> Callable[[], object]:
    command = engine.CompleteTask(task_id=task_id, actor=actor, groups=SALES, variables={"first_by": actor})
    return lambda: keliu.do(command)


def test_two_people_complete_one_task_and_the_slower_reads_who_did_it(keliu: World) -> None:
    for _ in range(10):
        task = keliu.start("two_tasks").created[0]

        results = together(completing(keliu, task.id, "li"), completing(keliu, task.id, "wu"))

        winner = keliu.ask(engine.queries.task, task.id).ended_by
        assert [isinstance(result, engine.Result) for result in results].count(True) == 1
        (refused,) = (result for result in results if not isinstance(result, engine.Result))
        assert isinstance(refused, engine.TaskAlreadyCompleted)
        assert refused.facts["completed_by"] == winner
        assert keliu.ask(engine.queries.instance, task.instance_id).variables == {"first_by": winner}


def test_two_people_claim_one_task(keliu: World) -> None:
    for _ in range(10):
        task = keliu.start("two_tasks").created[0]
        claims = [engine.ClaimTask(task_id=task.id, actor=actor, groups=SALES) for actor in ("li", "wu")]

        results = together(*[lambda claim=claim: keliu.do(claim) for claim in claims])

        (refused,) = (result for result in results if not isinstance(result, engine.Result))
        assert isinstance(refused, engine.TaskAlreadyClaimed)
        assert refused.facts["assignee"] == keliu.ask(engine.queries.task, task.id).assignee


def test_eight_clients_work_on_the_same_five_hundred_tasks(keliu: World) -> None:
    tasks = [keliu.start("two_tasks").created[0].id for _ in range(TASKS)]

    def client(number: int) -> Callable[[], Counter[str]]:
        def work() -> Counter[str]:
            seen: Counter[str] = Counter()
            for task_id in tasks[number:] + tasks[:number]:
                try:
                    completing(keliu, task_id, f"clerk-{number}")()
                    seen["done"] += 1
                except engine.TaskAlreadyCompleted:
                    seen["late"] += 1
            return seen

        return work

    results = together(*[client(number) for number in range(CLIENTS)])

    total: Counter[str] = Counter()
    for result in results:
        assert isinstance(result, Counter), result
        total += result
    assert total == {"done": TASKS, "late": TASKS * (CLIENTS - 1)}
    for task_id in tasks:
        row = keliu.ask(engine.queries.task, task_id)
        assert keliu.ask(engine.queries.instance, row.instance_id).variables == {"first_by": row.ended_by}
        assert keliu.kinds(row.instance_id).count("task_completed") == 1


def test_parallel_branches_of_one_instance_lose_no_update(keliu: World) -> None:
    branches = [f"b{number}" for number in range(6)]
    gates = '<bpmn:parallelGateway id="split" /><bpmn:parallelGateway id="join" />'
    body = '<bpmn:startEvent id="begin" />' + gates + "".join(user_task(branch) for branch in branches)
    body += user_task("sum_up") + '<bpmn:endEvent id="done" />' + flow("begin", "split")
    body += "".join(flow("split", branch) + flow(branch, "join") for branch in branches)
    keliu.deploy(bpmn("parallel", body + chain("join", "sum_up", "done")))
    instance_id = keliu.start("parallel").instance_id

    def one(branch: str) -> Callable[[], object]:
        task = keliu.task(instance_id, branch)
        command = engine.CompleteTask(task_id=task.id, actor="li", groups=SALES, variables={branch: 1})
        return lambda: keliu.do(command)

    results = together(*[one(branch) for branch in branches])

    assert all(isinstance(result, engine.Result) for result in results), results
    assert keliu.open(instance_id) == ["sum_up"]
    instance = keliu.ask(engine.queries.instance, instance_id)
    assert instance.variables == dict.fromkeys(branches, 1)
    assert instance.version == 1 + len(branches)
    with keliu.database.read() as session:
        check_instance(session, str(instance_id))


def test_a_timer_and_a_person_race_and_exactly_one_of_them_wins(keliu: World) -> None:
    late = timer("late", "PT1H", attached="call") + user_task("visit") + flow("late", "visit") + flow("visit", "done")
    body = '<bpmn:startEvent id="begin" />' + user_task("call") + late + '<bpmn:endEvent id="done" />'
    keliu.deploy(bpmn("racing", body + chain("begin", "call", "done")))
    tasks = [keliu.start("racing").created[0] for _ in range(12)]
    keliu.clock.set(tasks[0].created_at.replace(hour=23))

    def people() -> Counter[str]:
        seen: Counter[str] = Counter()
        for task in tasks:
            try:
                completing(keliu, task.id, "li")()
                seen["done"] += 1
            except (engine.TaskCancelled, engine.TaskAlreadyCompleted):
                seen["late"] += 1
        return seen

    people_saw, *_ = together(people, keliu.run_due, lambda: engine.jobs.run_until_quiet(keliu.database, "worker-2"))
    keliu.run_due()

    assert isinstance(people_saw, Counter), people_saw
    fired = [keliu.kinds(task.instance_id).count("timer_fired") for task in tasks]
    completed = [keliu.kinds(task.instance_id).count("task_completed") for task in tasks]
    assert [f + c for f, c in zip(fired, completed, strict=True)] == [1] * len(tasks)
    assert sum(completed) == people_saw["done"]


def test_several_workers_share_the_ledger(keliu: World) -> None:
    lock = threading.Lock()
    done: list[int] = []

    def note(_session: object, work: engine.WorkCall) -> None:
        with lock:
            done.append(work.job_id)

    keliu.handlers.register_work("note", note)
    ids = [keliu.do(engine.AddWork(topic="note")).job_id for _ in range(120)]

    together(*[lambda n=n: engine.jobs.run_until_quiet(keliu.database, f"worker-{n}") for n in range(4)])
    keliu.run_due()

    states = Counter(keliu.ask(engine.queries.job, number).state for number in ids)
    assert states == {"completed": 120}
    assert sorted(set(done)) == ids
