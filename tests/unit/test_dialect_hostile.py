"""Hostile files in the words of other tools: translating takes as little time and memory as refusing."""

from __future__ import annotations

import tracemalloc

import pytest

from engine import findings
from engine.spiff import compile_files
from tests.support.soon import ends_soon
from tests.support.workflows import HEAD, document, user

FOREIGN = (
    'xmlns:f="http://flowable.org/bpmn" xmlns:z="http://camunda.org/schema/zeebe/1.0" '
    'xmlns:d="http://www.jboss.org/drools" xmlns:s="http://spiffworkflow.org/bpmn/schema/1.0/core"'
)


def foreign(body: str, flag: str = 'isExecutable="true"') -> bytes:
    head = HEAD.replace("<definitions ", f"<definitions {FOREIGN} ", 1)
    return f'{head}<process id="p" {flag}>{body}</process></definitions>'.encode()


def flow(number: int, source: str, target: str) -> str:
    return f'<sequenceFlow id="f{number}" sourceRef="{source}" targetRef="{target}"/>'


def scripted(inner: str, name: str = "serviceTask") -> str:
    return "".join(f'<{name} id="n{i}"><extensionElements>{inner}</extensionElements></{name}>' for i in range(1_900))


INPUTS = '<dataInput id="i"/>' * 8
GATES = "".join(f'<exclusiveGateway id="g{i}"/>' for i in range(100))
FILES = {
    "gateways without conditions": foreign(
        GATES + "".join(flow(i * 100 + j, f"g{i}", f"g{j}") for i in range(100) for j in range(100))
    ),
    "every id twice": foreign("".join(f'<subProcess id="s{i}"><task id="t"/></subProcess>' for i in range(950))),
    "no ids": foreign("<task/>" * 1_900 + '<sequenceFlow sourceRef="a" targetRef="b"/>' * 15_000),
    "a drawing of loose ends": foreign(
        '<intermediateCatchEvent id="x"/>' * 900 + '<sequenceFlow sourceRef="a" targetRef="b"/>' * 15_000, ""
    ),
    "prefixes": foreign(user("a") + '<sequenceFlow sourceRef="q:a" targetRef="q:a"/>' * 15_000),
    "scripts around tasks": foreign(
        scripted("<s:preScript>x = 1</s:preScript><s:postScript>y = x</s:postScript>")
        + "".join(flow(i, f"n{i % 1900}", f"n{(i + 1) % 1900}") for i in range(12_000))
    ),
    "long expressions": foreign(
        "".join(user(f"t{i}", f'f:assignee="${{{"a.get(" * 300}1{")" * 300}}}"') for i in range(700))
    ),
    "many fields": foreign(
        user("a", "", "<extensionElements>" + '<f:formProperty id="x"/>' * 35_000 + "</extensionElements>")
    ),
    "work items": foreign(
        "".join(
            f'<task id="n{i}" d:taskName="x"><ioSpecification>{INPUTS}</ioSpecification></task>' for i in range(1_900)
        )
    ),
    "a form that is no JSON": foreign(
        f'<extensionElements><z:userTaskForm id="f">{"[" * 100_000}</z:userTaskForm></extensionElements>'
        '<userTask id="a"><extensionElements><z:formDefinition formKey="camunda-forms:bpmn:f"/></extensionElements>'
        "</userTask>"
    ),
    "many lanes": foreign(
        '<laneSet id="ls">'
        + "".join(f'<lane id="Lane_{i}" name="x"><flowNodeRef>t{i}</flowNodeRef></lane>' for i in range(1_900))
        + "</laneSet>"
        + "".join(user(f"t{i}", "") for i in range(1_900))
    ),
    "lists in parameters": foreign(
        scripted(
            '<camunda:inputOutput><camunda:inputParameter name="x"><camunda:list>'
            + "<camunda:value>a</camunda:value>" * 8
            + "</camunda:list></camunda:inputParameter></camunda:inputOutput>"
        )
    ),
    "groovy": foreign(
        "".join(
            f'<scriptTask id="n{i}" scriptFormat="groovy"><script>{"/*" * 300}{"a;" * 100}</script></scriptTask>'
            for i in range(1_000)
        )
    ),
    "owners": document(
        "".join(
            user(
                f"t{i}",
                "",
                "<potentialOwner><resourceAssignmentExpression><formalExpression>"
                + "user(" * 100
                + "</formalExpression></resourceAssignmentExpression></potentialOwner>",
            )
            for i in range(1_500)
        )
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_hostile_files_of_other_tools_are_answered_quickly(name: str) -> None:
    with ends_soon():
        found = compile_files({"p.bpmn": FILES[name]}).findings
    assert len([finding for finding in found if finding.severity == "warning"]) < 5_000
    for finding in found[:20]:
        assert findings.word(finding, "en") and findings.word(finding, "zh")


@pytest.mark.parametrize("name", ["a form that is no JSON"])
def test_hostile_files_of_other_tools_take_little_memory(name: str) -> None:
    tracemalloc.start()
    compile_files({"p.bpmn": FILES[name]})
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000_000
