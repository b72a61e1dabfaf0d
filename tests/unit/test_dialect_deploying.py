"""Files of other tools through the front door: forms are kept, jobs attempted, drawings run when asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

import engine
from app import formkit
from engine.tables import job
from tests.support.engine_world import World, world

FILES = Path(__file__).parents[1] / "conformance" / "dialects"
TABLE = b"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" namespace="x"><decision id="rate">
<decisionTable hitPolicy="UNIQUE"><input><inputExpression><text>amount</text></inputExpression></input>
<output name="price"/><rule><inputEntry><text>&gt; 5</text></inputEntry><outputEntry><text>7</text></outputEntry></rule>
</decisionTable></decision></definitions>"""
RULES = b"""<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0">
<process id="rules" isExecutable="true"><startEvent id="s"/><businessRuleTask id="r"><extensionElements>
<zeebe:calledDecision decisionId="rate" resultVariable="price"/></extensionElements></businessRuleTask>
<userTask id="u"/><sequenceFlow sourceRef="s" targetRef="r"/><sequenceFlow sourceRef="r" targetRef="u"/></process>
</definitions>"""


@pytest.fixture
def keliu(tmp_path: Path) -> Iterator[World]:
    with world(f"sqlite:///{tmp_path / 'engine.db'}") as opened:
        yield opened


def file(name: str) -> bytes:
    return (FILES / f"{name}.bpmn").read_bytes()


def deploy(keliu: World, files: dict[str, bytes], *, drawings: bool = False) -> engine.Deployment:
    deployment = keliu.do(engine.Deploy(name="foreign", files=files, actor="li.na", drawings=drawings)).deployment
    assert deployment is not None
    return deployment


def test_a_form_made_from_fields_is_deployed_with_the_process(keliu: World) -> None:
    deployment = deploy(keliu, {"a.bpmn": file("camunda7/form-data")})
    content = keliu.ask(engine.queries.part, deployment.definitions[0].id, "form", "form_data/ask")
    assert formkit.parse(content).field("customerName")
    assert [found.code for found in deployment.findings] == ["form_made"]
    assert not deploy(keliu, {"a.bpmn": file("camunda7/form-data")}).changed


def test_a_form_of_that_key_among_the_files_is_taken_instead(keliu: World) -> None:
    own = json.dumps({"key": "form_data/ask", "mine": True}).encode()
    deployment = deploy(keliu, {"a.bpmn": file("camunda7/form-data"), "form_data/ask.json": own})
    assert keliu.ask(engine.queries.part, deployment.definitions[0].id, "form", "form_data/ask") == own


def test_a_job_is_attempted_as_often_as_the_file_says(keliu: World) -> None:
    deploy(keliu, {"a.bpmn": file("camunda8/jobs")})
    keliu.start("jobs", variables={"order": {"total": 5}})
    assert keliu.ask(lambda session: session.scalars(select(job.c.max_attempts)).all()) == [7]


def test_drawings_run_when_somebody_asks(keliu: World) -> None:
    with pytest.raises(engine.DeploymentRefused) as refused:
        deploy(keliu, {"a.bpmn": file("drawings/refused-not-asked")})
    assert "not_executable" in {found.code for found in refused.value.findings}
    deploy(keliu, {"a.bpmn": file("drawings/refused-not-asked")}, drawings=True)
    started = keliu.start("other")
    assert keliu.open(started.instance_id) == ["b"]


def test_a_decision_of_one_output_answers_with_its_value(keliu: World) -> None:
    deploy(keliu, {"rules.bpmn": RULES, "rate.dmn": TABLE})
    started = keliu.start("rules", variables={"amount": 9})
    instance = keliu.ask(engine.queries.instance, started.instance_id)
    assert instance.variables["price"] == 7
