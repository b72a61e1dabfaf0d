"""Instances are found by the variables their process declares."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

import engine
from engine import findings as words
from engine.tables import instance_variable
from tests.support.engine_world import BACKENDS, World, bpmn, chain, fresh_url, user_task, world

DECLARED = (
    "<bpmn:extensionElements><camunda:properties>"
    '<camunda:property name="searchVariables" value="{}" />'
    "</camunda:properties></bpmn:extensionElements>"
)
SALES = frozenset({"sales"})
STEPS = '<bpmn:startEvent id="begin" />{}<bpmn:endEvent id="done" />'


def order(names: str, form: str = "") -> bytes:
    """Two tasks; instances are found by ``names``."""
    first = user_task("check", f'camunda:candidateGroups="sales" camunda:formKey="{form or "order/any"}"')
    steps = STEPS.format(first + user_task("deliver")) + chain("begin", "check", "deliver", "done")
    return bpmn("order", DECLARED.format(names) + steps)


@pytest.fixture(params=BACKENDS)
def keliu(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    url = fresh_url(request.param, tmp_path, lambda: request.getfixturevalue("postgres_server"))
    with world(url) as opened:
        yield opened


def kept(session: Session, instance_id: str) -> dict[str, tuple[str, float | None]]:
    """What the instance can be found by."""
    mine = select(instance_variable).where(instance_variable.c.instance_id == instance_id)
    return {row.name: (row.text, row.number) for row in session.execute(mine)}


def findable(keliu: World, instance_id: str | None) -> dict[str, tuple[str, float | None]]:
    """The same, from outside."""
    return keliu.ask(kept, str(instance_id))


def test_an_instance_is_found_by_what_its_process_declares_and_by_nothing_else(keliu: World) -> None:
    definition = keliu.deploy(order("severity, amount,urgent")).deployment
    assert definition is not None
    assert definition.definitions[0].search_variables == ("severity", "amount", "urgent")

    given = {"severity": "serious", "amount": 1250.5, "urgent": True, "note": "not declared"}
    started = keliu.start("order", variables=given)

    expected = {"severity": ("serious", None), "amount": ("1250.5", 1250.5), "urgent": ("true", None)}
    assert findable(keliu, started.instance_id) == expected


def test_what_changes_is_found_by_its_new_value_and_what_goes_is_not_found(keliu: World) -> None:
    keliu.deploy(order("severity, amount"))
    started = keliu.start("order", variables={"severity": "normal", "amount": 3})
    task = started.created[0]
    keliu.do(
        engine.CompleteTask(
            task_id=task.id, variables={"severity": "critical", "amount": [3, 4]}, groups=SALES, actor="ann"
        )
    )
    assert findable(keliu, started.instance_id) == {"severity": ("critical", None)}

    command = engine.SetVariables(instance_id=str(started.instance_id), variables={"amount": 7}, removals=("severity",))
    keliu.do(command)
    assert findable(keliu, started.instance_id) == {"amount": ("7", 7.0)}

    (last,) = keliu.ask(engine.queries.open_tasks, started.instance_id)
    keliu.do(engine.CompleteTask(task_id=last.id, variables={"amount": 8}, groups=SALES, actor="ann"))
    assert findable(keliu, started.instance_id) == {"amount": ("8", 8.0)}, "ended instances are found too"


@pytest.mark.parametrize(
    ("value", "expected"),
    [("x" * 300, ("x" * 200, None)), (2**53, (str(2**53), 2.0**53)), (None, None), ({"a": 1}, None), ("", None)],
)
def test_values_are_kept_as_far_as_they_can_be_compared(
    keliu: World, value: Any, expected: tuple[str, float | None] | None
) -> None:
    keliu.deploy(order("amount"))
    started = keliu.start("order", variables={"amount": value})
    assert findable(keliu, started.instance_id).get("amount") == expected


def test_a_task_that_changes_nothing_searched_for_writes_nothing_for_it(keliu: World) -> None:
    keliu.deploy(order("severity"))
    started = keliu.start("order", variables={"severity": "normal"})
    with keliu.database.engine.begin() as connection:
        instance_variable.drop(connection)

    values = {"severity": "normal", "note": "other"}
    keliu.do(engine.CompleteTask(task_id=started.created[0].id, variables=values, groups=SALES, actor="ann"))

    assert keliu.open(started.instance_id) == ["deliver"]


def test_an_instance_that_changes_its_version_is_found_by_what_the_new_one_declares(keliu: World) -> None:
    keliu.deploy(order("severity"))
    started = keliu.start("order", variables={"severity": "normal", "amount": 3})
    newer = keliu.deploy(order("amount")).deployment
    assert newer is not None

    target = newer.definitions[0].id
    keliu.do(engine.MigrateInstance(instance_id=str(started.instance_id), target_definition_id=target))

    assert findable(keliu, started.instance_id) == {"amount": ("3", 3.0)}


@pytest.mark.parametrize(
    ("names", "code"),
    [
        ("severity, salary", "search_variable_confidential"),
        ("severity amount", "search_variable_name"),
        (",".join(f"v{number}" for number in range(21)), "search_variables_many"),
    ],
)
def test_nobody_can_be_given_a_search_by_what_is_confidential(keliu: World, names: str, code: str) -> None:
    form = {
        "key": "order/check",
        "fields": [{"name": "severity"}, {"name": "salary", "confidential": ["human_resources"]}],
    }
    files = {"order.bpmn": order(names, "order/check"), "order/check.json": json.dumps(form).encode()}

    with pytest.raises(engine.DeploymentRefused) as refused:
        keliu.do(engine.Deploy(name="order", files=files))

    findings = {finding.code: finding for finding in refused.value.findings if finding.severity == "error"}
    assert set(findings) == {code}
    for language in ("zh", "en"):
        assert words.word(findings[code], language)
