"""The scenario helper: a process told in steps on a virtual clock, saved and restored after every one of them."""

from __future__ import annotations

import pytest

import engine
from engine.testing import MONDAY, Scenario
from tests.support.engine_world import bpmn, chain, flow, service, timer, user_task

ORDER = bpmn(
    "order",
    '<bpmn:startEvent id="begin" />'
    + user_task("record", serviceLevel="4")
    + service("number", "order.number")
    + '<bpmn:exclusiveGateway id="large" default="large_deliver" />'
    + user_task("approve", 'camunda:assignee="boss"')
    + timer("late", "PT8H", attached="approve", interrupting=False)
    + user_task("remind", 'camunda:candidateUsers="chief"')
    + '<bpmn:endEvent id="reminded" />'
    + user_task("deliver")
    + '<bpmn:endEvent id="done" />'
    + chain("begin", "record", "number", "large")
    + flow("large", "approve", "amount > 1000")
    + chain("large", "deliver", "done")
    + chain("approve", "deliver")
    + chain("late", "remind", "reminded"),
)


@pytest.fixture(params=[False, True], ids=["warm", "cold"])
def order(request: pytest.FixtureRequest) -> Scenario:
    handlers = engine.HandlerRegistry()
    handlers.register("order.number", lambda _session, call: {"number": f"O-{call.variables['amount']}"})
    return Scenario({"order.bpmn": ORDER}, handlers=handlers, cold=request.param)


def test_a_small_order_goes_straight_to_delivery(order: Scenario) -> None:
    order.start("order", variables={"amount": 5})
    order.complete("record")
    assert order.open() == ["deliver"]
    assert order.variables == {"amount": 5, "number": "O-5"}

    order.complete("deliver", actor="li")

    assert order.state is engine.InstanceState.COMPLETED
    assert order.passed() >= {"record", "number", "large", "deliver", "done"}
    assert order.kinds()[-1] == "instance_ended"


def test_a_large_order_waits_for_the_boss_and_reminds_the_chief(order: Scenario) -> None:
    order.start("order", variables={"amount": 5000})
    order.complete("record")
    assert order.task("approve").assignee == "boss"

    order.advance(hours=9)
    assert order.open() == ["approve", "remind"]
    assert order.clock.now() == MONDAY.replace(hour=10)
    order.complete("remind")
    order.complete("approve")

    assert order.open() == ["deliver"]


def test_a_downtime_delays_but_loses_nothing(order: Scenario) -> None:
    order.start("order", variables={"amount": 5000})
    order.sleep(days=3)

    stages = [
        event.stage for event in order.events(engine.DeadlineReached) if isinstance(event, engine.DeadlineReached)
    ]
    assert stages == ["reminder", "overdue", "escalation"]
    order.cancel("ordered twice")
    assert order.state is engine.InstanceState.CANCELLED


def test_a_step_that_does_not_wait_is_named(order: Scenario) -> None:
    order.start("order", variables={"amount": 5})

    with pytest.raises(engine.TaskNotFound) as refused:
        order.complete("deliver")

    assert refused.value.facts["open"] == ["record"]
