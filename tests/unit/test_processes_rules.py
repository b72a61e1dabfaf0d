"""Every process the product ships deploys without a finding, has a form and an owner for every task, speaks both
languages, and leads nowhere from where nobody comes on."""

from __future__ import annotations

import importlib.resources
import json
from pathlib import Path

import pytest
from lxml import etree

import engine
from app.formkit import FieldType
from engine.spiff import compile_files
from tests.support.processes import BPMN, CAMUNDA, PROCESSES, ROOT, files_of, form, tree

SUB_CODES = {"quality": 4, "contract": 7, "transport": 4, "service": 4}
EIGHT_STEPS = (
    "记录投诉内容",
    "判定投诉是否成立",
    "确定投诉处理责任部门",
    "责任部门分析投诉原因",
    "提出处理方案",
    "提交主管领导批示",
    "实施处理方案，处罚直接责任者",
    "总结评价",
)


def _user_tasks(key: str) -> list[etree._Element]:
    return list(tree(key).iter(f"{BPMN}userTask"))


def _properties(element: etree._Element) -> dict[str, str]:
    return {str(item.get("name")): str(item.get("value")) for item in element.iter(f"{CAMUNDA}property")}


@pytest.mark.parametrize("key", PROCESSES)
def test_it_deploys_without_a_finding(key: str) -> None:
    compiled = compile_files(files_of(key))
    assert compiled.findings == ()
    assert [process.key for process in compiled.processes] == [key]


@pytest.mark.parametrize("key", PROCESSES)
def test_it_is_bpmn_that_any_editor_opens(key: str) -> None:
    """Valid by the schema of the standard, which SpiffWorkflow ships."""
    folder = Path(str(importlib.resources.files("SpiffWorkflow"))) / "bpmn" / "parser" / "schema"
    schema = etree.XMLSchema(file=str(folder / "BPMN20.xsd"))
    schema.assertValid(etree.ElementTree(tree(key)))


@pytest.mark.parametrize("key", PROCESSES)
def test_every_user_task_has_somebody_a_form_and_a_deadline(key: str) -> None:
    for task in _user_tasks(key):
        name = task.get("id")
        assert task.get(f"{CAMUNDA}candidateGroups"), f"{name} is offered to nobody"
        assert task.get(f"{CAMUNDA}formKey") == f"{key}/{name}"
        assert form(key, str(name)).key == f"{key}/{name}"
        assert _properties(task)["serviceLevel"].startswith("=")


@pytest.mark.parametrize("key", PROCESSES)
def test_no_form_is_left_over(key: str) -> None:
    tasks = {str(task.get("id")) for task in _user_tasks(key)}
    assert {file.stem for file in (ROOT / "forms" / key).glob("*.json")} == tasks


@pytest.mark.parametrize("key", PROCESSES)
def test_every_name_has_an_english_one(key: str) -> None:
    english = json.loads((ROOT / "processes" / f"{key}.en.json").read_text("utf-8"))
    known = {element.get("id"): element.get("name") for element in tree(key).iter(f"{BPMN}*") if element.get("name")}
    for element in tree(key).iter(f"{BPMN}message", f"{BPMN}error", f"{BPMN}participant"):
        known.pop(element.get("id"), None)
    assert english["elements"].keys() >= known.keys()
    assert all(text.strip() and text.isprintable() for text in english["elements"].values())
    messages = {message.get("name") for message in tree(key).iter(f"{BPMN}message")}
    assert english["messages"].keys() == messages


@pytest.mark.parametrize("key", PROCESSES)
def test_every_way_ends_or_waits(key: str) -> None:
    """Whatever is not an end goes on somewhere; whatever is not a start comes from somewhere; splits have a default."""
    for scope in tree(key).iter(f"{BPMN}process", f"{BPMN}subProcess"):
        for node in scope:
            kind = node.tag.removeprefix(BPMN)
            outgoing, incoming = node.findall(f"{BPMN}outgoing"), node.findall(f"{BPMN}incoming")
            if kind in ("laneSet", "sequenceFlow", "documentation", "extensionElements"):
                continue
            if node.get("triggeredByEvent") == "true" or kind in ("incoming", "outgoing"):
                continue
            assert outgoing or kind == "endEvent", f"{node.get('id')} is a dead end"
            assert incoming or kind in ("startEvent", "boundaryEvent"), f"nothing leads to {node.get('id')}"
            if kind == "exclusiveGateway" and len(outgoing) > 1:
                assert node.get("default"), f"{node.get('id')} has no default flow"
            if not kind.endswith("Gateway"):
                assert len(outgoing) <= 1 and len(incoming) <= 1, f"{node.get('id')} forks or joins silently"


@pytest.mark.parametrize("key", PROCESSES)
def test_splits_and_their_ways_are_named(key: str) -> None:
    for gateway in tree(key).iter(f"{BPMN}exclusiveGateway"):
        outgoing = [flow.text for flow in gateway.findall(f"{BPMN}outgoing")]
        if len(outgoing) > 1:
            assert gateway.get("name"), gateway.get("id")
            named = {flow.get("id"): flow.get("name") for flow in tree(key).iter(f"{BPMN}sequenceFlow")}
            assert all(named[flow] for flow in outgoing), gateway.get("id")


def test_a_complaint_has_the_eight_steps_by_name() -> None:
    names = [element.get("name") for element in tree("complaint").iter(f"{BPMN}userTask", f"{BPMN}subProcess")]
    assert [name for name in names if name in EIGHT_STEPS] == list(EIGHT_STEPS)


def test_a_complaint_asks_for_one_of_four_classes_and_nineteen_sub_codes() -> None:
    document = form("complaint", "record")
    classes = document.field("complaint_class")
    assert classes is not None and classes.options is not None
    assert [option.value for option in classes.options] == list(SUB_CODES)
    for name, count in SUB_CODES.items():
        field = document.field(f"sub_code_{name}")
        assert field is not None and field.options is not None
        assert field.required and field.stores == "sub_code"
        assert len(field.options) == count
        assert all(str(option.value).startswith(f"{name}_") for option in field.options)


OUTCOMES = {
    "judge": ["valid", "not_valid", "more_information"],
    "assign_department": ["assigned"],
    "analyse_cause": ["analysed", "refused"],
    "contribute_analysis": ["analysed"],
    "approve_solution": ["approved", "return_solution", "return_cause", "raise_level"],
    "perform_action": ["done"],
    "pay_compensation": ["done"],
    "take_containment": ["done"],
    "thank_customer": ["done"],
    "review_withdrawal": ["seen"],
    "hear_appeal": ["upheld", "changed"],
    "decide_penalty": ["penalty", "no_penalty", "process_cause"],
    "return_visit": ["satisfied", "dissatisfied", "unreachable"],
}


@pytest.mark.parametrize("name", OUTCOMES)
def test_outcomes_are_the_fixed_ones(name: str) -> None:
    field = form("complaint", name).field("outcome")
    assert field is not None and field.required and field.type is FieldType.CHOICE
    assert [option.value for option in field.options or ()] == OUTCOMES[name]


@pytest.mark.parametrize("name", ["decide_penalty", "hear_appeal"])
def test_penalties_are_confidential_and_no_process_variable(name: str) -> None:
    for field in form("complaint", name).fields:
        assert field.confidential == {"human_resources", "human_resources_lead", "cco"}
        assert not field.variable


def test_variables_of_the_forms_are_facts_that_route() -> None:
    names = {
        field.key
        for file in (ROOT / "forms" / "complaint").glob("*.json")
        for field in form("complaint", file.stem).fields
        if field.variable
    }
    facts = {"complaint_class", "sub_code", "severity", "amount", "outcome", "departments", "compensation"}
    assert names == facts


def test_a_broken_form_or_process_is_refused_with_the_place() -> None:
    files = dict(files_of("complaint"))
    files["complaint.bpmn"] = files["complaint.bpmn"].replace(b"${outcome == 'refused'}", b"${outcome.__class__}")
    compiled = compile_files(files)
    assert [finding.element for finding in compiled.findings if finding.severity == "error"] == ["f_a_refused"]


def test_the_engine_offers_what_the_conditions_of_forms_use() -> None:
    for file in (ROOT / "forms").glob("*/*.json"):
        for field in form(file.parent.name, file.stem).fields:
            if field.visible_if:
                engine.compile_expression(field.visible_if)
