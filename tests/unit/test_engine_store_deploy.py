"""Deployments: immutable versions of processes with their decisions, forms and translations."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

import engine
from tests.support.engine_world import BACKENDS, TWO_TASKS, World, bpmn, chain, fresh_url, service, user_task, world

BEGIN, DONE = '<bpmn:startEvent id="begin" />', '<bpmn:endEvent id="done" />'
GREETING = bpmn(
    "greeting",
    BEGIN
    + user_task("greet", 'camunda:candidateGroups="sales" camunda:formKey="greeting/greet"')
    + DONE
    + chain("begin", "greet", "done"),
)
FORM = json.dumps({"key": "greeting/greet", "fields": []}).encode()
ENGLISH = json.dumps({"elements": {"greet": "Greet the customer"}}).encode()
FILES = {"greeting.bpmn": GREETING, "greeting/greet.json": FORM, "greeting.en.json": ENGLISH}


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url) as opened:
        yield opened


def test_everything_is_deployed_together(keliu: World) -> None:
    deployed = keliu.do(engine.Deploy(name="first", files=FILES, actor="designer")).deployment

    assert deployed is not None
    (definition,) = deployed.definitions
    assert (definition.key, definition.version, definition.deployed_by) == ("greeting", 1, "designer")
    assert keliu.ask(engine.queries.definition_xml, definition.id) == GREETING
    assert keliu.ask(engine.queries.part, definition.id, "form", "greeting/greet") == FORM
    assert keliu.ask(engine.queries.part, definition.id, "translation", "en") == ENGLISH
    assert keliu.ask(engine.queries.node_name, definition.id, "greet", "en") == "Greet the customer"
    assert keliu.ask(engine.queries.node_name, definition.id, "greet", "zh") == "greet"
    with pytest.raises(engine.DefinitionNotFound):
        keliu.ask(engine.queries.part, definition.id, "form", "greeting/bow")


def test_the_same_files_make_no_new_version(keliu: World) -> None:
    first = keliu.do(engine.Deploy(name="first", files=FILES)).deployment
    again = keliu.do(engine.Deploy(name="again", files=FILES)).deployment

    assert first is not None
    assert again is not None
    assert (first.changed, again.changed) == (True, False)
    assert again.definitions[0].id == first.definitions[0].id


def test_another_form_is_a_new_version_and_running_instances_keep_theirs(keliu: World) -> None:
    keliu.do(engine.Deploy(name="first", files=FILES))
    running = keliu.start("greeting")
    changed = FILES | {"greeting/greet.json": FORM.replace(b"[]", b'[{"name": "words"}]')}
    keliu.do(engine.Deploy(name="second", files=changed))
    later = keliu.start("greeting")

    versions = [
        keliu.ask(
            engine.queries.definition, keliu.ask(engine.queries.instance, result.instance_id).definition_id
        ).version
        for result in (running, later)
    ]
    assert versions == [1, 2]
    assert [row.version for row in keliu.ask(engine.queries.definitions, "greeting")] == [2, 1]
    assert [row.version for row in keliu.ask(engine.queries.definitions, latest_only=True)] == [2]


def test_what_cannot_run_is_refused_with_findings_and_nothing_is_kept(keliu: World) -> None:
    broken = bpmn("broken", BEGIN + user_task("greet") + DONE + chain("begin", "greet") + chain("greet", "nowhere"))

    for files in (
        {"broken.bpmn": broken, "two.bpmn": TWO_TASKS},
        {"broken.bpmn": b"<not xml"},
        {"notes.txt": b"hello"},
        {},
        FILES | {"greeting.en.json": b"{"},
        FILES | {"greeting/greet.json": b"[]"},
    ):
        with pytest.raises(engine.DeploymentRefused) as refused:
            keliu.do(engine.Deploy(name="bad", files=files))
        assert any(finding.severity == "error" for finding in refused.value.findings)
    assert keliu.ask(engine.queries.definitions) == ()


def test_what_is_missing_around_a_process_is_a_warning(keliu: World) -> None:
    files = {
        "greeting.bpmn": bpmn(
            "greeting",
            BEGIN
            + user_task("greet", 'camunda:candidateGroups="sales" camunda:formKey="greeting/greet"')
            + service("send", "mail.send")
            + DONE
            + chain("begin", "greet", "send", "done"),
        )
    }

    deployed = keliu.do(engine.Deploy(name="first", files=files)).deployment

    assert deployed is not None
    warnings = {(finding.code, finding.element) for finding in deployed.findings}
    assert warnings >= {("form_missing", "greet"), ("topic_without_handler", "send")}
