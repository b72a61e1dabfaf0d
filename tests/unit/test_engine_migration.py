"""Running instances go on in another version of their process, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import engine
from engine import findings
from engine.testing import check_instance
from tests.support.engine_world import BACKENDS, World, fresh_url, world
from tests.support.workflows import document, user

LATE = "<timerEventDefinition><timeDuration>{}</timeDuration></timerEventDefinition>"


def order(work: str, form: str, hours: str, more: str = "", inner: str = "") -> bytes:
    """An order process: ``work`` with a timer, beside a called process, then a check."""
    return document(
        '<startEvent id="begin"/><endEvent id="end"/><parallelGateway id="fork"/><parallelGateway id="join"/>'
        + user(work, f'camunda:candidateGroups="office" camunda:formKey="{form}"')
        + f'<boundaryEvent id="late" attachedToRef="{work}" cancelActivity="false">'
        + LATE.format(hours)
        + "</boundaryEvent>"
        + user("hurry")
        + '<callActivity id="call" calledElement="delivery"/>'
        + user("check")
        + more
        + f"\nbegin > fork > {work} > join > check > end\nfork > call > join\nlate > hurry\n{inner}\n",
        "order",
    )


DELIVERY = document('<startEvent id="begin"/>' + user("pack") + "\nbegin > pack\n", "delivery")
OLD = order("work", "old", "PT2H")
RECALLED = (
    '<boundaryEvent id="recalled" attachedToRef="labour"><messageEventDefinition messageRef="hello_"/></boundaryEvent>'
)
NEW = order("labour", "new", "PT9H", RECALLED + user("undo"), "recalled > undo")


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url) as opened:
        opened.deploy(DELIVERY)
        yield opened


def version(keliu: World, source: bytes) -> str:
    deployment = keliu.deploy(source).deployment
    assert deployment is not None
    return deployment.definitions[0].id


def migrate(keliu: World, instance_id: str, target: str, **more: object) -> engine.Result:
    command = engine.MigrateInstance(instance_id=instance_id, target_definition_id=target, actor="kang", **more)  # type: ignore[arg-type]  # of a test
    result = keliu.do(command)
    with keliu.database.read() as session:
        check_instance(session, instance_id)
    return result


def finish(keliu: World, instance_id: str, node: str) -> None:
    task = keliu.task(instance_id, node)
    keliu.do(engine.CompleteTask(task_id=task.id, actor=task.assignee or "ann", groups=frozenset({"office"})))


def test_an_instance_goes_on_in_the_new_version(keliu: World) -> None:
    old = version(keliu, OLD)
    instance_id = str(keliu.start("order", business_key="K-1", variables={"a": 1}).instance_id)
    called = next(row for row in keliu.ask(engine.queries.instances) if row.parent_instance_id == instance_id)
    before = keliu.task(instance_id, "work")
    keliu.do(engine.ClaimTask(task_id=before.id, actor="ann", groups=frozenset({"office"})))
    new = version(keliu, NEW)
    plan = keliu.ask(engine.generate_plan, old, new)
    assert "work" not in plan and plan["check"] == "check"
    with pytest.raises(engine.PlanRefused) as refused:
        migrate(keliu, instance_id, new)
    assert [(one.code, one.element) for one in refused.value.findings] == [("migrate_unmapped", "work")]
    mapping = {**plan, "work": "labour", "late": "late"}
    assert keliu.ask(engine.check_plan, old, new, mapping) == ()
    migrate(keliu, instance_id, new, mapping=mapping, reason="better form")
    task = keliu.task(instance_id, "labour")
    assert (task.id, task.assignee, task.form_key, task.definition_id) == (before.id, "ann", "new", new)
    assert task.created_at == before.created_at
    (timer,) = keliu.ask(engine.queries.jobs, instance_id=instance_id, kinds=("timer",))
    assert timer.due_at == keliu.clock.now() + timedelta(hours=2), "it keeps its moment"
    keliu.do(engine.CorrelateMessage(name="hello", instance_id=instance_id))
    assert keliu.open(instance_id) == ["undo"], "the new boundary event listens"
    row = keliu.ask(engine.queries.instance, instance_id)
    assert (row.definition_id, row.business_key, dict(row.variables)) == (new, "K-1", {"a": 1})
    assert keliu.ask(engine.queries.instance, called.id).state == "active"
    assert "instance_migrated" in keliu.kinds(instance_id)


def test_timers_are_computed_anew_only_when_asked(keliu: World) -> None:
    version(keliu, OLD)
    instance_id = str(keliu.start("order").instance_id)
    new = version(keliu, order("work", "old", "PT9H"))
    started = keliu.clock.now()
    keliu.clock.advance(timedelta(hours=1))
    migrate(keliu, instance_id, new, update_timers=frozenset({"late"}))
    (timer,) = keliu.ask(engine.queries.jobs, instance_id=instance_id, kinds=("timer",))
    assert timer.due_at == started + timedelta(hours=10)


def test_the_caller_hears_of_the_called_after_its_migration(keliu: World) -> None:
    version(keliu, OLD)
    instance_id = str(keliu.start("order").instance_id)
    finish(keliu, instance_id, "work")
    new = version(keliu, order("work", "new", "PT2H"))
    called = next(row for row in keliu.ask(engine.queries.instances) if row.parent_instance_id == instance_id)
    migrate(keliu, instance_id, new)
    finish(keliu, called.id, "pack")
    assert keliu.open(instance_id) == ["check"]
    finish(keliu, instance_id, "check")
    assert keliu.ask(engine.queries.instance, instance_id).state == "completed"


def test_a_plan_that_does_not_fit_says_why(keliu: World) -> None:
    """Every way in which two nodes may differ has its finding, in both languages."""
    loop = '<multiInstanceLoopCharacteristics isSequential="{}"><loopCardinality>2</loopCardinality>{}'
    end = "</multiInstanceLoopCharacteristics>"
    one = (
        '<startEvent id="begin"/>'
        + user("a")
        + user("b", inner=loop.format("true", end))
        + '<subProcess id="sub"><startEvent id="s"/>'
        + user("c")
        + "\ns > c\n</subProcess>"
        + '<intermediateCatchEvent id="wait"><messageEventDefinition messageRef="hello_"/></intermediateCatchEvent>'
        + '<parallelGateway id="fork"/><parallelGateway id="join"/>'
        + "\nbegin > fork > a > join > b > sub > wait\nfork > d > join\n"
        + user("d")
        + '<boundaryEvent id="edge" attachedToRef="a"><messageEventDefinition messageRef="stop_"/></boundaryEvent>'
    )
    two = one.replace('isSequential="true"', 'isSequential="false"').replace('attachedToRef="a"', 'attachedToRef="d"')
    two = two.replace('<intermediateCatchEvent id="wait"><messageEventDefinition messageRef="hello_"/>', "WAIT")
    two = two.replace("WAIT", '<intermediateCatchEvent id="wait">' + LATE.format("PT1H"))
    old, new = version(keliu, document(one, "shapes")), version(keliu, document(two, "shapes"))
    plan = keliu.ask(engine.generate_plan, old, new)
    assert {"a", "d", "sub", "c", "join"} <= plan.keys() and not {"b", "wait", "edge"} & plan.keys()
    wrong = {
        "b": ("b", "migrate_loop"),
        "wait": ("wait", "migrate_event"),
        "edge": ("edge", "migrate_boundary"),
        "a": ("sub", "migrate_type"),
        "d": ("c", "migrate_scope"),
        "c": ("gone", "migrate_no_target"),
        "gone": ("a", "migrate_no_source"),
        "join": ("fork", "migrate_flows"),
    }
    for source, (target, code) in wrong.items():
        found = keliu.ask(engine.check_plan, old, new, {**plan, source: target})
        assert (code, source) in [(one.code, one.element) for one in found]
        assert all(findings.word(one, "zh") and findings.word(one, "en") for one in found)


def test_whoever_completes_at_the_same_moment_is_not_lost(keliu: World) -> None:
    """One of the two is first; the other works on what is there then, or is told."""
    version(keliu, OLD)
    instance_id = str(keliu.start("order").instance_id)
    new = version(keliu, NEW)
    task_id = keliu.task(instance_id, "work").id
    mapping = {"work": "labour", "call": "call", "join": "join", "check": "check"}
    told: list[engine.EngineError] = []
    both = threading.Barrier(2)

    def act(command: engine.Command) -> None:
        both.wait()
        try:
            keliu.do(command)
        except engine.EngineError as error:
            told.append(error)

    commands = (
        engine.CompleteTask(task_id=task_id, actor="ann", groups=frozenset({"office"})),
        engine.MigrateInstance(instance_id=instance_id, target_definition_id=new, mapping=mapping),
    )
    people = [threading.Thread(target=act, args=(command,)) for command in commands]
    for one in people:
        one.start()
    for one in people:
        one.join(30)
    assert not told, "both orders are possible one after the other, in either order"
    row = keliu.ask(engine.queries.instance, instance_id)
    assert row.definition_id == new and keliu.ask(engine.queries.task, task_id).state == "completed"
    with keliu.database.read() as session:
        check_instance(session, instance_id)
