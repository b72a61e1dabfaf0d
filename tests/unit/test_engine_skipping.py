"""A service step that can not be done is skipped: the instance goes on as it would have behind it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import engine
from tests.support.engine_world import BACKENDS, World, bpmn, chain, flow, fresh_url, user_task, world

TASK = '<bpmn:serviceTask id="rate" camunda:type="external" camunda:topic="skip.rate">'
RETRIES = '<camunda:properties><camunda:property name="retries" value="1" /></camunda:properties>'
MAPPED = (
    '<camunda:inputOutput><camunda:outputParameter name="level">=answer</camunda:outputParameter></camunda:inputOutput>'
)
BODY = (
    '<bpmn:startEvent id="begin" />'
    + f"{TASK}<bpmn:extensionElements>{RETRIES}{MAPPED}</bpmn:extensionElements></bpmn:serviceTask>"
    + '<bpmn:exclusiveGateway id="which" default="which_normal" />'
    + user_task("urgent")
    + user_task("normal")
    + '<bpmn:endEvent id="done" /><bpmn:endEvent id="over" />'
    + chain("begin", "rate", "which")
    + flow("which", "urgent", '=level = "high"')
    + flow("which", "normal")
    + chain("urgent", "done")
    + chain("normal", "over")
)


def broken(_session: object, _call: engine.ServiceCall) -> dict[str, object]:
    raise RuntimeError("the rating service is gone")


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url) as opened:
        opened.handlers.register("skip.rate", broken)
        opened.deploy(bpmn("rated", BODY))
        yield opened


def failed(keliu: World) -> tuple[str, engine.IncidentRow]:
    one = str(keliu.start("rated").instance_id)
    keliu.run_due()
    (found,) = keliu.ask(engine.queries.incidents, instance_id=one)
    return one, found


def test_the_instance_goes_on_where_the_answer_of_the_step_would_have_led(keliu: World) -> None:
    one, incident = failed(keliu)
    skip = engine.SkipStep(
        incident_id=incident.id, variables={"answer": "high"}, reason="rated by telephone", actor="kang"
    )
    seen = keliu.database.write(lambda session: engine.rehearse(session, one, skip))
    assert [task.node_id for task in seen.new.tasks] == ["urgent"] and seen.variables["level"] == (None, "high")
    assert keliu.open(one) == [] and keliu.ask(engine.queries.incident, incident.id).state == "open"
    keliu.do(skip)
    assert keliu.open(one) == ["urgent"]
    closed = keliu.ask(engine.queries.incident, incident.id)
    assert (closed.state, closed.resolved_by, closed.annotation) == ("resolved", "kang", "rated by telephone")
    assert keliu.ask(engine.queries.job, incident.job_id).state is engine.JobState.CANCELLED  # it was never done
    assert keliu.ask(engine.queries.instance, one).variables == {"answer": "high", "level": "high"}
    skipped = next(row for row in keliu.ask(engine.queries.history, one) if row.kind == "step_skipped")
    assert (skipped.node_id, skipped.actor, skipped.changes) == ("rate", "kang", {"reason": "rated by telephone"})
    with pytest.raises(engine.NotFound):
        keliu.do(skip)
    keliu.run_due()
    assert keliu.ask(engine.queries.verify_chains).breaks == ()


def test_what_is_tried_again_or_suspended_is_not_skipped_and_many_are_at_once(keliu: World) -> None:
    one, first = failed(keliu)
    two, second = failed(keliu)
    skip = engine.SkipStep(incident_id=first.id, variables={"answer": "low"}, actor="kang")
    keliu.do(engine.SuspendInstance(instance_id=one))
    with pytest.raises(engine.InstanceNotActive):
        keliu.do(skip)
    keliu.do(engine.ResumeInstance(instance_id=one))
    both = (first.id, second.id)
    keliu.do(engine.StartBatch(template=skip, subjects=both, reason="the service is gone", actor="kang"))
    keliu.run_due()
    assert keliu.open(one) == keliu.open(two) == ["normal"]
    three, third = failed(keliu)
    keliu.do(engine.RetryJob(job_id=third.job_id))
    with pytest.raises(engine.NotFound):  # its incident is closed while it is tried
        keliu.do(engine.SkipStep(incident_id=third.id, actor="kang"))
    assert keliu.open(three) == []
