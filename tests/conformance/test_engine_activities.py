"""Who works, until when, with which variables: user tasks, repeated tasks, scripts, decisions, services."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from engine.errors import BadVariables, ExecutionFailed, ExpressionFailed, LimitExceeded
from engine.limits import Limits
from tests.support.workflows import MODES, MONDAY, Play, user

pytestmark = pytest.mark.parametrize("mode", MODES)

START, END = '<startEvent id="s"/>\n', '<endEvent id="e"/>\n'


def properties(**values: str) -> str:
    rows = "".join(f'<camunda:property name="{name}" value="{value}"/>' for name, value in values.items())
    return f"<extensionElements><camunda:properties>{rows}</camunda:properties></extensionElements>"


def each(collection: str, more: str = "", element: str = "item", sequential: bool = False) -> str:
    flag = "true" if sequential else "false"
    attributes = f'camunda:collection="{collection}" camunda:elementVariable="{element}" isSequential="{flag}"'
    return f"<multiInstanceLoopCharacteristics {attributes}>{more}</multiInstanceLoopCharacteristics>"


def one(play: Play) -> object:
    return play.waiting.tasks[0]


def test_people_and_dates_of_a_task(mode: str) -> None:
    attributes = (
        'name="判定" camunda:assignee="${boss}" camunda:candidateGroups="office, ${group}"'
        ' camunda:candidateUsers="=people"'
        ' camunda:dueDate="=working_days(1)" camunda:followUpDate="PT1H" camunda:priority="=70 + 5"'
        ' camunda:formKey="complaint/judge"'
    )
    body = START + user("a", attributes, properties(excludedUsers="=handlers")) + "\ns > a"
    values = {"boss": "wang.lei", "group": "finance", "people": ["li.na"], "handlers": ["a.b", "c.d"]}
    task = Play(body, values, mode=mode).waiting.tasks[0]
    assert (task.name, task.form_key, task.assignee, task.priority) == ("判定", "complaint/judge", "wang.lei", 75)
    assert task.candidate_groups == ("office", "finance")
    assert task.candidate_users == ("li.na",)
    assert task.excluded_users == ("a.b", "c.d")
    assert task.due_at == MONDAY + timedelta(days=1)
    assert task.follow_up_at == MONDAY + timedelta(hours=1)


def test_people_stay_as_they_were_when_the_task_was_created(mode: str) -> None:
    body = START + user("a", 'camunda:candidateGroups="${group}"') + "\ns > a"
    play = Play(body, {"group": "one"}, mode=mode)
    play.resume().set_variables({"group": "two"})
    play.resume()
    assert play.waiting.tasks[0].candidate_groups == ("one",)


def test_a_lane_is_the_group_of_tasks_that_name_nobody(mode: str) -> None:
    lanes = '<laneSet><lane id="finance"><flowNodeRef>a</flowNodeRef><flowNodeRef>sub</flowNodeRef></lane></laneSet>'
    inner = '<startEvent id="i"/>' + user("b", "") + "\ni > b\n"
    body = lanes + START + user("a", "") + f'<subProcess id="sub">{inner}</subProcess>' + "\ns > a > sub"
    play = Play(body, mode=mode)
    assert play.waiting.tasks[0].candidate_groups == ("finance",)
    assert play.do("a").waiting.tasks[0].candidate_groups == ("finance",)


def test_a_day_without_an_hour_is_due_when_it_ends(mode: str) -> None:
    body = START + user("a", 'camunda:dueDate="2026-03-05"') + "\ns > a"
    assert Play(body, mode=mode).waiting.tasks[0].due_at == datetime.fromisoformat("2026-03-05T23:59+08:00")


def test_a_service_level_is_working_time_on_the_groups_calendar(mode: str) -> None:
    body = START + user("a", inner=properties(serviceLevel="=levels.judge")) + "\ns > a"
    task = Play(body, {"levels": {"judge": 12}}, mode=mode).waiting.tasks[0]
    assert task.service_level is not None
    assert (task.service_level.hours, task.service_level.calendar) == (12.0, "office")
    assert task.due_at == datetime.fromisoformat("2026-03-03T12:00+08:00")


def test_a_service_level_that_is_no_number_names_the_task(mode: str) -> None:
    body = START + user("a", inner=properties(serviceLevel="=x")) + "\ns > a"
    with pytest.raises(ExecutionFailed) as raised:
        Play(body, {"x": "soon"}, mode=mode)
    assert raised.value.facts["node_id"] == "a"


REPEATED = START + END + user("a", inner=each("items")) + user("z") + "\ns > a > z > e"


def test_one_task_per_item_and_all_are_waited_for(mode: str) -> None:
    play = Play(REPEATED, {"items": [{"id": 7}, {"id": 8}, {"id": 9}]}, mode=mode)
    assert [dict(task.local_variables) for task in play.waiting.tasks] == [
        {"loopCounter": 0, "item": {"id": 7}},
        {"loopCounter": 1, "item": {"id": 8}},
        {"loopCounter": 2, "item": {"id": 9}},
    ]
    assert play.waiting.tasks[1].local_variables["item"] == {"id": 8}
    play.do("a", 1, done_8=True).do("a", 1, done_9=True)
    assert play.tasks == ["a"]
    play.do("a", done_7=True)
    assert play.tasks == ["z"]
    assert {key for key in play.variables if key.startswith("done")} == {"done_7", "done_8", "done_9"}
    assert "item" not in play.variables
    assert play.trace[1:5] == ["entered a", "entered a", "entered a", "completed a"]
    assert play.do("z").done


@pytest.mark.parametrize("items", [[], {}])
def test_no_items_no_work(mode: str, items: object) -> None:
    assert Play(REPEATED, {"items": items}, mode=mode).tasks == ["z"]


@pytest.mark.parametrize("items", [None, "text", 3])
def test_no_list_is_an_error_that_names_the_task(mode: str, items: object) -> None:
    with pytest.raises(ExecutionFailed) as raised:
        Play(REPEATED, {"items": items}, mode=mode)
    assert raised.value.facts["node_id"] == "a"


def test_too_many_items_are_an_error(mode: str) -> None:
    with pytest.raises(LimitExceeded):
        Play(REPEATED, {"items": list(range(30))}, mode=mode, limits=Limits(multi_instance=20))


def test_one_after_the_other(mode: str) -> None:
    body = START + END + user("a", inner=each("${items}", sequential=True)) + "\ns > a > e"
    play = Play(body, {"items": ["x", "y", "z"]}, mode=mode)
    for item in "xyz":
        assert [task.local_variables["item"] for task in play.waiting.tasks] == [item]
        play.do("a")
    assert play.done


def test_a_number_of_times(mode: str) -> None:
    loop = "<multiInstanceLoopCharacteristics><loopCardinality>=n</loopCardinality></multiInstanceLoopCharacteristics>"
    assert Play(START + user("a", inner=loop) + "\ns > a", {"n": 3}, mode=mode).tasks == ["a", "a", "a"]


def test_enough_is_enough(mode: str) -> None:
    condition = "<completionCondition>${nrOfCompletedInstances / nrOfInstances >= 0.5}</completionCondition>"
    play = Play(
        START + END + user("a", inner=each("items", condition)) + "\ns > a > e", {"items": [1, 2, 3, 4]}, mode=mode
    )
    play.do("a").do("a")
    assert play.done
    assert play.cancelled("a") == 2


def test_results_are_collected_in_the_order_of_the_items(mode: str) -> None:
    more = '<loopDataOutputRef>answers</loopDataOutputRef><outputDataItem id="answer"/>'
    body = START + END + user("a", inner=each("items", more)) + "\ns > a > e"
    play = Play(body, {"items": ["x", "y"]}, mode=mode)
    play.do("a", 1, answer="Y").do("a", answer="X")
    assert play.variables["answers"] == ["X", "Y"]


def test_a_repeated_sub_process_keeps_its_items_apart(mode: str) -> None:
    inner = '<startEvent id="i"/>' + user("b", 'camunda:candidateGroups="${item}"') + user("c") + "\ni > b > c\n"
    body = START + END + f'<subProcess id="sub">{each("items")}{inner}</subProcess>' + "\ns > sub > e"
    play = Play(body, {"items": ["one", "two"]}, mode=mode)
    assert [task.candidate_groups for task in play.waiting.tasks] == [("one",), ("two",)]
    play.do("b", 1)
    assert {(task.node_id, task.local_variables["item"]) for task in play.waiting.tasks} == {("b", "one"), ("c", "two")}
    play.do("b").do("c").do("c")
    assert play.done
    assert play.passed("sub") == 2


def test_a_boundary_event_ends_all_items(mode: str) -> None:
    body = START + user("a", inner=each("items")) + user("late")
    body += '<boundaryEvent id="b" attachedToRef="a"><timerEventDefinition><timeDuration>PT1H</timeDuration>'
    body += "</timerEventDefinition></boundaryEvent>\ns > a\nb > late"
    play = Play(body, {"items": [1, 2, 3]}, mode=mode)
    assert len(play.waiting.timers) == 1, "one timer for the whole, not one per item"
    play.do("a").ring("b")
    assert play.tasks == ["late"]
    assert play.cancelled("a") == 2


def test_an_item_can_hold_an_approval_round_each(mode: str) -> None:
    body = START + '<exclusiveGateway id="m"/><exclusiveGateway id="x"/>' + user("a", inner=each("items")) + END
    body += "\ns > m > a > x\nx > m if again\nx > e if not again"
    play = Play(body, {"items": [1, 2]}, mode=mode)
    play.do("a").do("a", again=True)
    assert play.tasks == ["a", "a"]
    play.do("a").do("a", again=False)
    assert play.done


def test_scripts_assign(mode: str) -> None:
    script = "total = sum([row.price * row.count for row in rows])\nif total > 10:\n    big = true"
    script += "\nday = date(&quot;2026-01-05&quot;)"
    body = START + f'<scriptTask id="k"><script>{script}</script></scriptTask>' + "\ns > k"
    play = Play(body, {"rows": [{"price": 2, "count": 3}, {"price": 5, "count": 1}]}, mode=mode)
    assert play.variables["total"] == 11
    assert play.variables["big"] is True
    assert play.variables["day"] == "2026-01-05"


def test_a_script_never_changes_a_list_another_branch_sees(mode: str) -> None:
    body = START + '<scriptTask id="k"><script>more = rows + [1]</script></scriptTask>' + user("a") + "\ns > k > a"
    play = Play(body, {"rows": [0]}, mode=mode)
    assert (play.variables["rows"], play.variables["more"]) == ([0], [0, 1])


def test_a_failing_script_names_its_node(mode: str) -> None:
    with pytest.raises(ExpressionFailed) as raised:
        Play(
            START + '<scriptTask id="k"><script>x = 1 / zero</script></scriptTask>' + "\ns > k", {"zero": 0}, mode=mode
        )
    assert raised.value.facts["node_id"] == "k"


def test_a_script_can_not_fill_the_memory(mode: str) -> None:
    with pytest.raises(ExecutionFailed):
        Play(
            START
            + '<scriptTask id="k"><script>x = [[[[0] * 999] * 999] * 999] * 999</script></scriptTask>'
            + "\ns > k",
            mode=mode,
        )


TABLE = b"""<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
<decision id="level" name="Level"><decisionTable hitPolicy="FIRST">
<input id="i1" label="amount"><inputExpression><text>amount</text></inputExpression></input>
<output id="o1" name="group"/>
<rule id="r1"><inputEntry><text>&lt; 1000</text></inputEntry><outputEntry><text>"team"</text></outputEntry></rule>
<rule id="r2"><inputEntry><text>-</text></inputEntry><outputEntry><text>"cco"</text></outputEntry></rule>
</decisionTable></decision></definitions>"""


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ("singleEntry", "team"),
        ("singleResult", {"group": "team"}),
        ("collectEntries", ["team"]),
        ("resultList", [{"group": "team"}]),
    ],
)
def test_a_decision_sets_its_result(mode: str, mapping: str, expected: object) -> None:
    attributes = f'camunda:decisionRef="level" camunda:mapDecisionResult="{mapping}" camunda:resultVariable="answer"'
    body = START + f'<businessRuleTask id="r" {attributes}/>' + "\ns > r"
    play = Play(body, {"amount": 10}, mode=mode, parts={("dmn", "level.dmn"): TABLE})
    assert play.variables["answer"] == expected
    step = next(step for step in play.execution.steps if step.node_id == "r")
    assert step.explanation["rows"] == [{"number": 1, "id": "r1"}]
    assert step.explanation["inputs"] == {"amount": 10}


def test_a_service_task_waits_for_its_handler(mode: str) -> None:
    body = (
        START
        + '<serviceTask id="v" camunda:type="external" camunda:topic="order.${kind}"/>'
        + user("a")
        + "\ns > v > a"
    )
    play = Play(body, {"kind": "pay"}, mode=mode)
    service = play.waiting.services[0]
    assert (service.node_id, service.topic, service.variables["kind"]) == ("v", "order.pay", "pay")
    assert play.serve("v", paid=True).tasks == ["a"]
    assert play.variables["paid"] is True


def test_a_message_event_can_be_sent_by_a_handler(mode: str) -> None:
    event = '<messageEventDefinition messageRef="hello_" camunda:type="external" camunda:topic="mail.send"/>'
    play = Play(START + f'<endEvent id="e">{event}</endEvent>' + "\ns > e", mode=mode)
    assert play.waiting.services[0].topic == "mail.send"
    assert play.serve("e").done


def test_input_and_output_parameters(mode: str) -> None:
    rows = '<camunda:inputParameter name="net">${gross - tax}</camunda:inputParameter>'
    rows += '<camunda:outputParameter name="paid">=net * 2</camunda:outputParameter>'
    inner = f"<extensionElements><camunda:inputOutput>{rows}</camunda:inputOutput></extensionElements>"
    play = Play(START + END + user("a", inner=inner) + "\ns > a > e", {"gross": 10, "tax": 3}, mode=mode)
    assert dict(play.waiting.tasks[0].local_variables) == {"net": 7}
    play.do("a", net=8)
    assert play.variables == {"gross": 10, "tax": 3, "paid": 16}


def test_the_starter_is_remembered_where_the_model_says(mode: str) -> None:
    body = '<startEvent id="s" camunda:initiator="who"/>' + user("a", 'camunda:assignee="${who}"') + "\ns > a"
    assert Play(body, mode=mode).waiting.tasks[0].assignee == "lin.mei"


@pytest.mark.parametrize("value", [object(), {1: 2}, float("nan"), 2**70, {"a": [b"x"]}])
def test_only_json_becomes_a_variable(mode: str, value: object) -> None:
    with pytest.raises(BadVariables):
        Play(START + user("a") + "\ns > a", mode=mode).do("a", x=value)


def test_sub_processes_one_after_the_other(mode: str) -> None:
    inner = '<startEvent id="i"/>' + user("b") + "\ni > b\n"
    loop = each("items", sequential=True)
    body = START + END + f'<subProcess id="sub">{loop}{inner}</subProcess>' + "\ns > sub > e"
    play = Play(body, {"items": ["one", "two"]}, mode=mode)
    for item in ("one", "two"):
        assert [task.local_variables["item"] for task in play.waiting.tasks] == [item]
        play.do("b")
    assert play.done


@pytest.mark.parametrize("sequential", [False, True])
def test_a_script_for_each_item(mode: str, sequential: bool) -> None:
    loop = each("items", sequential=sequential)
    body = (
        START
        + f'<scriptTask id="k">{loop}<script>total = total + item</script></scriptTask>'
        + user("a")
        + "\ns > k > a"
    )
    play = Play(body, {"items": list(range(100)), "total": 0}, mode=mode)
    assert play.variables["total"] == 4950
    assert play.passed("k") == 100
    assert play.tasks == ["a"]


def test_a_service_for_each_item(mode: str) -> None:
    service = '<serviceTask id="v" camunda:type="external" camunda:topic="t.${item}">'
    body = START + END + f"{service}{each('items')}</serviceTask>" + "\ns > v > e"
    play = Play(body, {"items": ["x", "y"]}, mode=mode)
    assert [(row.topic, row.variables["item"]) for row in play.waiting.services] == [("t.x", "x"), ("t.y", "y")]
    assert play.serve("v").serve("v").done


def test_one_failing_service_ends_the_whole_repetition(mode: str) -> None:
    service = f'<serviceTask id="v" camunda:type="external" camunda:topic="t">{each("items")}</serviceTask>'
    edge = '<boundaryEvent id="b" attachedToRef="v"><errorEventDefinition/></boundaryEvent>'
    play = Play(START + service + edge + user("repair") + "\ns > v\nb > repair", {"items": [1, 2, 3]}, mode=mode)
    play.fail("v", "BAD")
    assert play.tasks == ["repair"]
    assert not play.waiting.services


def test_a_message_for_each_item_and_an_event_in_each(mode: str) -> None:
    event = '<startEvent id="es" isInterrupting="false"><messageEventDefinition messageRef="hello_"/></startEvent>'
    inner = f'<startEvent id="i"/>{user("b")}<subProcess id="ev" triggeredByEvent="true">{event}{user("h")}\nes > h\n'
    inner += "</subProcess>\ni > b\n"
    play = Play(
        START + f'<subProcess id="sub">{each("items")}{inner}</subProcess>\ns > sub', {"items": [1, 2]}, mode=mode
    )
    assert len(play.waiting.subscriptions) == 2
    play.send("hello")
    noted = next(task for task in play.waiting.tasks if task.node_id == "h")
    assert noted.local_variables["item"] == 1
    play.do("h").do("b").do("b")
    assert play.done


def test_a_repeated_task_inside_a_repeated_sub_process(mode: str) -> None:
    inner = '<startEvent id="i"/>' + user("b", inner=each("item.parts", element="part")) + "\ni > b\n"
    body = START + END + f'<subProcess id="sub">{each("items")}{inner}</subProcess>' + "\ns > sub > e"
    play = Play(body, {"items": [{"parts": ["a", "b"]}, {"parts": []}, {"parts": ["c"]}]}, mode=mode)
    assert [task.local_variables["part"] for task in play.waiting.tasks] == ["a", "b", "c"]
    assert play.do("b").do("b").do("b").done


def test_each_item_has_its_own_output(mode: str) -> None:
    more = '<loopDataOutputRef>answers</loopDataOutputRef><outputDataItem id="answer"/>'
    inner = '<startEvent id="i"/>' + user("b") + user("c") + "\ni > b > c\n"
    body = START + END + f'<subProcess id="sub">{each("items", more)}{inner}</subProcess>' + "\ns > sub > e"
    play = Play(body, {"items": ["one", "two"]}, mode=mode)
    play.do("b", 0, answer="X").do("b", 0, answer="Y").do("c").do("c")
    assert play.variables["answers"] == ["X", "Y"]
    assert "answer" not in play.variables
    assert Play(body, {"items": []}, mode=mode).variables["answers"] == []
