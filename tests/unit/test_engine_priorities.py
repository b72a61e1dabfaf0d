"""Urgent work first: who says so in the process, and what a worker takes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

import engine
from tests.support.engine_world import BACKENDS, World, bpmn, chain, fresh_url, service, timer, world


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url) as opened:
        yield opened


def process(key: str, attributes: str, *nodes: str) -> bytes:
    body = "".join(nodes)
    names = [node.partition('id="')[2].partition('"')[0] for node in nodes]
    whole = '<bpmn:startEvent id="begin" />' + body + '<bpmn:endEvent id="done" />' + chain("begin", *names, "done")
    return bpmn(key, whole).replace(f'id="{key}" name'.encode(), f'id="{key}" {attributes} name'.encode())


def test_the_process_or_the_activity_says_how_urgent_a_job_is(keliu: World) -> None:
    computed = service("send", "send").replace("camunda:topic", 'camunda:taskPriority="${urgency * 10}" camunda:topic')
    both = 'camunda:jobPriority="7" camunda:taskPriority="3"'
    keliu.deploy(
        process("of_process", both, service("fetch", "fetch")),
        process("of_activity", both, computed),
        process("of_timer", both, timer("pause", "PT1H")),
        process("of_nobody", "", timer("pause", "PT1H")),
    )

    ids = {
        key: keliu.start(key, variables={"urgency": 2}).instance_id
        for key in ("of_process", "of_activity", "of_timer", "of_nobody")
    }

    found = {key: [job.priority for job in keliu.ask(engine.queries.jobs, instance_id=at)] for key, at in ids.items()}
    assert found == {"of_process": [3], "of_activity": [20], "of_timer": [7], "of_nobody": [0]}


def test_the_most_urgent_job_is_taken_first_and_among_equals_the_longest_due(keliu: World) -> None:
    for key, priority in (("idle", -5), ("plain", 0), ("urgent", 50)):
        keliu.deploy(process(key, f'camunda:jobPriority="{priority}"', timer("pause", "${pause}")))
    ids = [
        keliu.start(key, variables={"pause": f"PT{minutes}M"}).instance_id
        for key, minutes in (("idle", 1), ("plain", 3), ("urgent", 5), ("plain", 2), ("urgent", 4), ("urgent", 90))
    ]
    keliu.clock.advance(timedelta(minutes=10))

    claimed = keliu.database.write(lambda session: engine.jobs.claim(session, "worker"))

    order = [keliu.ask(engine.queries.job, job.id).instance_id for job in claimed]
    assert order == [ids[number] for number in (4, 2, 3, 1, 0)]


def test_a_priority_that_is_no_number_is_an_error_of_the_process(keliu: World) -> None:
    keliu.deploy(process("broken", 'camunda:taskPriority="${name}"', service("send", "send")))

    with pytest.raises(engine.ExecutionFailed, match="taskPriority 'high' is no whole number"):
        keliu.start("broken", variables={"name": "high"})
