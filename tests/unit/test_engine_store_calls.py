"""Called processes as instances of their own, on both databases: start, end, error, cancelling, versions, limits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

import engine
from engine.tables import process_instance as pi
from engine.testing import check_instance
from tests.support.engine_world import BACKENDS, World, bpmn, chain, flow, fresh_url, user_task, world

START, END = '<bpmn:startEvent id="begin" />', '<bpmn:endEvent id="done" />'
ERROR = '<bpmn:errorEventDefinition errorRef="bad" />'
MAPPED = (
    '<camunda:in businessKey="=&quot;CHILD-&quot; + number" /><camunda:in source="x" target="y" />'
    '<camunda:out source="result" target="found" />'
)


@pytest.fixture(params=BACKENDS)
def engines(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url, limits=engine.Limits(call_depth=3)) as opened:
        yield opened


def call(key: str, mappings: str = "", attributes: str = "", inner: str = "") -> str:
    extension = f"<bpmn:extensionElements>{mappings}</bpmn:extensionElements>" if mappings else ""
    return f'<bpmn:callActivity id="call" calledElement="{key}" {attributes}>{extension}{inner}</bpmn:callActivity>'


def with_error(process: bytes) -> bytes:
    return process.replace(b"<bpmn:process", b'<bpmn:error id="bad" errorCode="BAD" /><bpmn:process', 1)


def parent(mappings: str = MAPPED, *, key: str = "child", attributes: str = "", inner: str = "") -> bytes:
    boundary = f'<bpmn:boundaryEvent id="failed" attachedToRef="call">{ERROR}</bpmn:boundaryEvent>'
    body = START + END + call(key, mappings, attributes, inner) + boundary + user_task("after") + user_task("mend")
    return with_error(bpmn("parent", body + chain("begin", "call", "after", "done") + flow("failed", "mend")))


CHILD = bpmn("child", START + user_task("work") + END + chain("begin", "work", "done"))
OTHER_CHILD = bpmn("child", START + user_task("new_work") + END + chain("begin", "new_work", "done"))
FAILING = with_error(
    bpmn(
        "child",
        START + user_task("work") + f'<bpmn:endEvent id="bad_end">{ERROR}</bpmn:endEvent>'
        + chain("begin", "work", "bad_end"),
    )
)  # fmt: skip


def called(world: World, instance_id: str | None) -> list[engine.InstanceRow]:
    with world.database.read() as session:
        wanted = select(pi.c.id).where(pi.c.parent_instance_id == instance_id).order_by(pi.c.business_key, pi.c.id)
        return [engine.queries.instance(session, found) for found in session.scalars(wanted).all()]


def finish(world: World, task: engine.TaskRow, **variables: object) -> engine.Result:
    command = engine.CompleteTask(task_id=task.id, actor="li.na", groups=frozenset({"sales"}), variables=variables)
    return world.do(command)


def check(world: World, *instances: str | None) -> None:
    for instance in instances:
        assert instance is not None
        world.ask(check_instance, instance)


def test_the_called_process_is_an_instance_of_its_own(engines: World) -> None:
    engines.deploy(parent(), CHILD)
    started = engines.start("parent", business_key="P-1", title="A title", variables={"x": 5, "number": "7"})
    [child] = called(engines, started.instance_id)
    assert (child.business_key, child.title, child.variables, child.started_by) == (
        "CHILD-7", "A title", {"y": 5}, "starter",
    )  # fmt: skip
    check(engines, started.instance_id, child.id)
    assert engines.open(started.instance_id) == []
    finish(engines, engines.task(child.id, "work"), result="fine", secret=1)
    assert engines.open(started.instance_id) == ["after"]
    after = engines.ask(engine.queries.instance, started.instance_id)
    assert after.variables == {"x": 5, "number": "7", "found": "fine"}
    assert called(engines, started.instance_id)[0].state is engine.InstanceState.COMPLETED
    check(engines, started.instance_id, child.id)
    kinds = engines.kinds(started.instance_id)
    assert (kinds.count("call_started"), kinds.count("call_ended")) == (1, 1)


def test_an_error_of_the_called_process(engines: World) -> None:
    engines.deploy(parent(), FAILING)
    started = engines.start("parent", variables={"x": 5, "number": "7"})
    [child] = called(engines, started.instance_id)
    finish(engines, engines.task(child.id, "work"))
    assert engines.open(started.instance_id) == ["mend"]
    [child] = called(engines, started.instance_id)
    assert (child.state, child.end_reason) == (engine.InstanceState.COMPLETED, "error BAD")
    check(engines, started.instance_id, child.id)


def test_cancelling_the_caller_cancels_everything_below(engines: World) -> None:
    middle = bpmn("child", START + call("leaf") + END + chain("begin", "call", "done"))
    leaf = bpmn("leaf", START + user_task("work") + END + chain("begin", "work", "done"))
    engines.deploy(parent(), middle, leaf)
    started = engines.start("parent", variables={"x": 5, "number": "7"})
    [child] = called(engines, started.instance_id)
    [grandchild] = called(engines, child.id)
    assert engines.open(grandchild.id) == ["work"]
    engines.do(engine.CancelInstance(instance_id=str(started.instance_id), reason="no more", actor="operator"))
    for instance in (child.id, grandchild.id):
        row = engines.ask(engine.queries.instance, instance)
        assert (row.state, row.end_reason) == (engine.InstanceState.CANCELLED, "no more")
        assert engines.open(instance) == []
    check(engines, started.instance_id, child.id, grandchild.id)
    assert engines.run_due() == 0


def test_a_boundary_event_cancels_what_was_called(engines: World) -> None:
    timer = "<bpmn:timerEventDefinition><bpmn:timeDuration>PT1H</bpmn:timeDuration></bpmn:timerEventDefinition>"
    late = f'<bpmn:boundaryEvent id="late" attachedToRef="call">{timer}</bpmn:boundaryEvent>'
    body = START + call("child") + late + user_task("after") + user_task("remind")
    engines.deploy(bpmn("parent", body + chain("begin", "call", "after") + flow("late", "remind")), CHILD)
    started = engines.start("parent")
    [child] = called(engines, started.instance_id)
    engines.clock.advance(timedelta(hours=1))
    assert engines.run_due() == 1
    assert engines.open(started.instance_id) == ["remind"]
    assert called(engines, started.instance_id)[0].state is engine.InstanceState.CANCELLED
    check(engines, started.instance_id, child.id)


def test_cancelling_the_called_process_itself_is_an_incident_of_the_caller(engines: World) -> None:
    engines.deploy(parent(), CHILD)
    started = engines.start("parent", variables={"x": 5, "number": "7"})
    [child] = called(engines, started.instance_id)
    engines.do(engine.CancelInstance(instance_id=child.id, reason="wrong one", actor="operator"))
    [incident] = engines.ask(engine.queries.incidents, instance_id=started.instance_id)
    assert (incident.kind, incident.node_id) == ("call", "call")
    assert "wrong one" in incident.message
    check(engines, started.instance_id)


def test_one_instance_per_item(engines: World) -> None:
    loop = '<bpmn:multiInstanceLoopCharacteristics camunda:collection="items" camunda:elementVariable="item" />'
    mappings = '<camunda:in businessKey="${item}" />'
    engines.deploy(parent(mappings, inner=loop), CHILD)
    started = engines.start("parent", variables={"items": ["A", "B", "C"]})
    children = called(engines, started.instance_id)
    assert [child.business_key for child in children] == ["A", "B", "C"]
    for child in children:
        assert engines.open(started.instance_id) == []
        finish(engines, engines.task(child.id, "work"))
    assert engines.open(started.instance_id) == ["after"]
    check(engines, started.instance_id)


def test_a_caller_keeps_the_version_it_was_deployed_with(engines: World) -> None:
    values = {"x": 5, "number": "7"}

    def work() -> list[str]:
        started = engines.start("parent", variables=values)
        [child] = called(engines, started.instance_id)
        found = engines.open(child.id)
        engines.do(engine.CancelInstance(instance_id=str(started.instance_id), actor="operator"))
        return found

    engines.deploy(parent(), CHILD)
    assert work() == ["work"]
    engines.deploy(OTHER_CHILD)
    assert work() == ["work"]
    assert engines.deploy(parent()).deployment.changed  # type: ignore[union-attr]  # Deploy gives a deployment
    assert work() == ["new_work"]
    assert not engines.deploy(parent()).deployment.changed  # type: ignore[union-attr]
    engines.deploy(parent(attributes='camunda:calledElementBinding="version" camunda:calledElementVersion="1"'))
    assert work() == ["work"]
    engines.deploy(parent(attributes='camunda:calledElementBinding="deployment"'), OTHER_CHILD)
    assert work() == ["new_work"]
    engines.deploy(parent(attributes='camunda:calledElementBinding="deployment"'), CHILD)
    assert work() == ["work"], "the caller is new because what it calls is"


@pytest.mark.parametrize(
    "attributes",
    [
        'camunda:calledElementBinding="deployment"',
        "",
        'camunda:calledElementBinding="version" camunda:calledElementVersion="9"',
    ],
)
def test_a_process_that_is_not_there_is_refused(engines: World, attributes: str) -> None:
    with pytest.raises(engine.DeploymentRefused) as refused:
        engines.deploy(parent(attributes=attributes))
    assert [(found.code, found.element) for found in refused.value.findings if found.severity == "error"] == [
        ("call_missing", "call")
    ]


def test_calls_without_end_stop_at_the_limit(engines: World) -> None:
    body = START + call("parent") + END + chain("begin", "call", "done")
    engines.deploy(bpmn("parent", body))
    started = engines.start("parent")
    depth, current = 0, str(started.instance_id)
    while children := called(engines, current):
        depth, current = depth + 1, children[0].id
    assert depth == 3
    [job] = engines.ask(engine.queries.jobs, instance_id=current)
    assert "call_depth" in str(job.last_error)


def test_a_failing_mapping_is_tried_again(engines: World) -> None:
    engines.deploy(parent('<camunda:in sourceExpression="${missing + 1}" target="x" />'), CHILD)
    started = engines.start("parent")
    assert called(engines, started.instance_id) == []
    engines.do(engine.SetVariables(instance_id=str(started.instance_id), variables={"missing": 1}, actor="operator"))
    engines.clock.advance(timedelta(hours=1))
    engines.run_due()
    assert [child.variables for child in called(engines, started.instance_id)] == [{"x": 2}]


DETACHED = '<camunda:properties><camunda:property name="waitForCompletion" value="false" /></camunda:properties>'


def test_a_caller_that_does_not_wait_goes_on_and_its_end_leaves_the_called_alone(engines: World) -> None:
    engines.deploy(parent(DETACHED + '<camunda:in businessKey="=&quot;CHILD-&quot; + number" />'), CHILD)
    started = engines.start("parent", business_key="P-1", variables={"number": "7"})
    [child] = called(engines, started.instance_id)
    assert (child.business_key, child.parent_instance_id) == ("CHILD-7", started.instance_id)
    assert engines.open(started.instance_id) == ["after"]
    check(engines, started.instance_id, child.id)
    engines.do(engine.CancelInstance(instance_id=str(started.instance_id), reason="no", actor="boss"))
    assert engines.open(child.id) == ["work"]
    finish(engines, engines.task(child.id, "work"))
    assert called(engines, started.instance_id)[0].state is engine.InstanceState.COMPLETED


def test_what_nobody_waits_for_brings_nothing_back(engines: World) -> None:
    mappings = DETACHED + '<camunda:out source="result" target="found" />'
    with pytest.raises(engine.DeploymentRefused) as refused:
        engines.deploy(parent(mappings), CHILD)
    assert [finding.code for finding in refused.value.findings if finding.severity == "error"] == ["call_detached"]


TAGGED = 'camunda:calledElementBinding="versionTag" camunda:calledElementVersionTag="1.2"'


def child(key: str, task: str, tag: str = "") -> bytes:
    """A process with one task, in a version that people call ``tag``."""
    found = bpmn(key, START + user_task(task) + END + chain("begin", task, "done"))
    return found.replace(b"<bpmn:process ", f'<bpmn:process camunda:versionTag="{tag}" '.encode()) if tag else found


def retried(world: World, job: engine.JobRow) -> None:
    world.do(engine.RetryJob(job_id=job.id, actor="operator"))
    world.run_due()


def failed_call(world: World, instance_id: str | None) -> tuple[engine.IncidentRow, engine.JobRow]:
    """The open incident at the call, and its job, once all attempts are used up."""
    for _ in range(3):
        world.clock.advance(timedelta(hours=1))
        world.run_due()
    [incident] = world.ask(engine.queries.incidents, instance_id=instance_id, states=[engine.IncidentState.OPEN])
    assert (incident.kind, incident.node_id) == ("call", "call")
    return incident, world.ask(engine.queries.job, incident.job_id)


def test_the_called_process_is_computed_when_the_call_is_reached(engines: World) -> None:
    deployed = engines.deploy(parent(key="child_${kind}")).deployment
    assert deployed is not None and {(found.code, found.severity) for found in deployed.findings} == {
        ("call_computed", "warning")
    }
    values = {"x": 5, "number": "7", "kind": "b"}
    started = engines.start("parent", variables=values)
    incident, job = failed_call(engines, started.instance_id)
    assert "'child_b' is not deployed" in incident.message
    engines.deploy(child("child_a", "work_a"), child("child_b", "old"))
    engines.deploy(child("child_b", "work_b"))
    retried(engines, job)
    [found] = called(engines, started.instance_id)
    assert (engines.open(found.id), found.variables, found.business_key) == (["work_b"], {"y": 5}, "CHILD-7")
    check(engines, started.instance_id, found.id)
    finish(engines, engines.task(found.id, "work_b"), result="fine")
    assert engines.open(started.instance_id) == ["after"]
    check(engines, started.instance_id, found.id)


def test_a_wrong_name_is_mended_in_the_variables_and_tried_again(engines: World) -> None:
    engines.deploy(parent(key="${target}"), CHILD)
    started = engines.start("parent", variables={"x": 1, "number": "7", "target": 12})
    incident, job = failed_call(engines, started.instance_id)
    assert "is no text but int" in incident.message
    for name in ("child", "nobody"):
        change = engine.SetVariables(instance_id=str(started.instance_id), variables={"target": name}, actor="operator")
        engines.do(change)
        engines.do(engine.SuspendDefinition(definition_id=newest(engines), suspended=True, actor="operator"))
        retried(engines, job)
        assert called(engines, started.instance_id) == [], "suspended, or not there"
    engines.do(engine.SuspendDefinition(definition_id=newest(engines), suspended=False, actor="operator"))
    engines.do(engine.SetVariables(instance_id=str(started.instance_id), variables={"target": "child"}, actor="o"))
    retried(engines, job)
    [found] = called(engines, started.instance_id)
    engines.do(engine.CancelInstance(instance_id=found.id, reason="wrong one", actor="operator"))
    [incident] = engines.ask(
        engine.queries.incidents, instance_id=started.instance_id, states=[engine.IncidentState.OPEN]
    )
    assert "the called process child was cancelled" in incident.message


def newest(world: World) -> str:
    """The newest version of the process called."""
    found: engine.DefinitionRow = world.ask(engine.queries.definitions, "child")[0]
    return found.id


def test_a_version_is_called_by_its_tag(engines: World) -> None:
    """The newest version with the tag at the time of the call, however many came after it."""
    deployed = engines.deploy(parent("", attributes=TAGGED)).deployment
    assert deployed is not None and [found.code for found in deployed.findings] == ["call_tag_missing"]
    waiting = engines.start("parent")
    engines.deploy(child("child", "first", "1.2"))
    engines.deploy(child("child", "second", "1.2"))
    engines.deploy(child("child", "third", "1.3"))
    engines.deploy(child("child", "fourth"))
    tags = [row.version_tag for row in engines.ask(engine.queries.definitions, "child")]
    assert tags == [None, "1.3", "1.2", "1.2"]
    engines.clock.advance(timedelta(hours=1))
    engines.run_due()
    for started in (waiting, engines.start("parent")):
        [found] = called(engines, started.instance_id)
        assert engines.open(found.id) == ["second"]
        check(engines, started.instance_id, found.id)
    again = engines.deploy(parent("", attributes=TAGGED), child("child", "fourth")).deployment
    assert again is not None and (again.changed, again.findings) == (False, ())


@pytest.mark.parametrize(("binding", "wanted"), [("version", "first"), ("deployment", "second"), ("latest", "third")])
def test_a_computed_process_is_bound_like_any_other(engines: World, binding: str, wanted: str) -> None:
    """The binding "deployment" is what was there when the caller was deployed."""
    version = ' camunda:calledElementVersion="=first"' if binding == "version" else ""
    attributes = f'camunda:calledElementBinding="{binding}"{version}'
    for name in ("first", "second", "third"):
        engines.deploy(child("child", name))
        if name == "second":
            engines.deploy(parent("", key="${key}", attributes=attributes))
        engines.clock.advance(timedelta(minutes=1))
    started = engines.start("parent", variables={"key": "child", "first": 1})
    [found] = called(engines, started.instance_id)
    assert engines.open(found.id) == [wanted]
