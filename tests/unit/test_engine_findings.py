"""What deployment says about a file: every refusal names the element and line, and has words in both languages."""

from __future__ import annotations

import re
import tracemalloc
from pathlib import Path

import pytest

import engine
from engine import findings
from engine.model import Finding
from engine.spiff import compile_files
from tests.support.soon import ends_soon
from tests.support.workflows import HEAD, document, user

A = user("a")
SUB = '<subProcess id="sub">{0}</subProcess>'
MESSAGE = '<messageEventDefinition messageRef="hello_"/>'
LOOP = "<multiInstanceLoopCharacteristics>{0}</multiInstanceLoopCharacteristics>"


def codes(body: str, severity: str = "error") -> set[str]:
    found = compile_files({"p.bpmn": document(body)}).findings
    for finding in found:
        for language in findings.LANGUAGES:
            text = findings.word(finding, language)
            assert "–" not in text, (finding, text)
    return {finding.code for finding in found if finding.severity == severity}


def event(kind: str, inner: str, identifier: str = "v") -> str:
    return f'<{kind} id="{identifier}">{inner}</{kind}>'


def boundary(inner: str, more: str = 'attachedToRef="a"') -> str:
    return f'{A}<boundaryEvent id="b" {more}>{inner}</boundaryEvent>'


def timer(kind: str, text: str) -> str:
    inner = f"<timerEventDefinition><time{kind}>{text}</time{kind}></timerEventDefinition>"
    return event("intermediateCatchEvent", inner)


EVENT_SUB = '<subProcess id="sub" triggeredByEvent="true">{0}</subProcess>'
OUTPUT_ONLY = "<loopDataInputRef>x</loopDataInputRef><loopDataOutputRef>y</loopDataOutputRef>"

REFUSED: list[tuple[str, str]] = [
    ("decision_missing", "<businessRuleTask/>"),
    ("duplicate_id", A + A),
    ("unknown_element", '<choreographyTask id="x"/>' + A),
    ("dangling_flow", A + '<sequenceFlow id="f" sourceRef="a" targetRef="nowhere"/>'),
    ("no_start", user("a") + user("b") + "\na > b > a"),
    ("start_twice", event("startEvent", MESSAGE, "s") + event("startEvent", MESSAGE, "t") + A + "\ns > a\nt > a"),
    (
        "timer",
        event("startEvent", "<timerEventDefinition><timeDuration>${later}</timeDuration></timerEventDefinition>", "s"),
    ),
    ("start_incoming", '<startEvent id="s"/>' + A + "\ns > a > s"),
    ("end_outgoing", '<endEvent id="e"/>' + A + "\ne > a"),
    ("default_flow", '<exclusiveGateway id="g" default="zzz"/>' + A + "\ng > a"),
    ("complex_condition", '<complexGateway id="c"/>' + A + user("b") + "\na > c\nb > c"),
    ("no_start", '<transaction id="c"/>'),
    ("no_start", '<adHocSubProcess id="c"/>'),
    ("ad_hoc_event", '<adHocSubProcess id="c"><startEvent id="v"/></adHocSubProcess>'),
    ("compensation_handler", '<userTask id="c" isForCompensation="true"/>' + A),
    ("compensation_handler", boundary("<compensateEventDefinition/>")),
    ("compensation_target", event("intermediateThrowEvent", '<compensateEventDefinition activityRef="a"/>') + A),
    ("compensation_wait", event("intermediateThrowEvent", '<compensateEventDefinition waitForCompletion="false"/>')),
    ("cancel_place", event("endEvent", "<cancelEventDefinition/>")),
    ("cancel_place", boundary("<cancelEventDefinition/>")),
    (
        "cancel_without_boundary",
        '<transaction id="t">' + event("endEvent", "<cancelEventDefinition/>") + user("i") + "\ni > v\n</transaction>",
    ),
    ("event_not_supported", event("startEvent", "<compensateEventDefinition/>")),
    ("condition_missing", event("intermediateCatchEvent", "<conditionalEventDefinition/>")),
    (
        "condition_filter",
        event(
            "intermediateCatchEvent",
            '<conditionalEventDefinition camunda:variableEvents="create, change"><condition>${x}</condition>'
            "</conditionalEventDefinition>",
        ),
    ),
    (
        "expression",
        event("intermediateCatchEvent", "<conditionalEventDefinition><condition>=open(1)</condition>"
        "</conditionalEventDefinition>"),
    ),
    ("event_not_supported", event("intermediateCatchEvent", "")),
    ("event_not_supported", event("startEvent", "<conditionalEventDefinition/>")),
    ("event_not_supported", SUB.format(event("startEvent", MESSAGE))),
    ("event_not_supported", boundary("")),
    ("multiple_events", event("startEvent", MESSAGE + MESSAGE)),
    ("event_reference", event("startEvent", "<eventDefinitionRef>x</eventDefinitionRef>")),
    ("loop_without_end", user("a", inner="<standardLoopCharacteristics/>")),
    ("loop_maximum", user("a", inner='<standardLoopCharacteristics loopMaximum="many"/>')),
    ("expression", user("a", inner="<standardLoopCharacteristics><loopCondition>=open(1)</loopCondition>"
     "</standardLoopCharacteristics>")),
    (
        "listener",
        A
        + user("b")
        + '<sequenceFlow id="f" sourceRef="a" targetRef="b"><extensionElements>'
        + '<camunda:executionListener event="take"/></extensionElements></sequenceFlow>',
    ),
    (
        "script_language",
        A
        + user("b")
        + '<sequenceFlow id="f" sourceRef="a" targetRef="b">'
        + '<conditionExpression language="groovy">new X()</conditionExpression></sequenceFlow>',
    ),
    ("listener", user("a", inner='<extensionElements><camunda:taskListener event="x"/></extensionElements>')),
    ("extension_unknown", user("a", inner="<extensionElements><camunda:connector/></extensionElements>")),
    ("attribute_unknown", user("a", 'camunda:class="com.example.Evil"')),
    (
        "parameter_not_plain",
        user(
            "a",
            inner='<extensionElements><camunda:inputOutput><camunda:inputParameter name="x"><camunda:script/>'
            "</camunda:inputParameter></camunda:inputOutput></extensionElements>",
        ),
    ),
    ("missing_reference", event("startEvent", '<messageEventDefinition messageRef="nobody"/>')),
    ("message_missing", '<receiveTask id="r"/>'),
    ("timer_without_time", event("intermediateCatchEvent", "<timerEventDefinition/>")),
    ("timer", timer("Duration", "3 days")),
    ("timer", timer("Duration", "P")),
    ("timer", timer("Duration", "-P1D")),
    ("timer", timer("Date", "2026-02-30T09:00")),
    ("timer", timer("Cycle", "0 0 25 * * ?")),
    ("timer", timer("Cycle", "R3/PT0S")),
    ("expression", timer("Duration", "=open(1)")),
    ("link_target", event("intermediateThrowEvent", '<linkEventDefinition name="L"/>')),
    ("boundary_target", boundary(MESSAGE, 'attachedToRef="zzz"')),
    ("boundary_incoming", boundary(MESSAGE) + user("x") + "\nx > b"),
    ("error_not_interrupting", boundary("<errorEventDefinition/>", 'attachedToRef="a" cancelActivity="false"')),
    ("condition_ignored", '<parallelGateway id="g"/>' + A + user("b") + "\ng > a\ng > b if x"),
    ("event_gateway_empty", '<eventBasedGateway id="g"/>'),
    ("event_gateway_target", '<eventBasedGateway id="g"/>' + A + "\ng > a"),
    ("service_without_topic", '<serviceTask id="v"/>'),
    ("service_without_topic", '<serviceTask id="v" camunda:type="external"/>'),
    ("topic_not_external", '<serviceTask id="v" camunda:topic="t"/>'),
    ("script_language", '<scriptTask id="k" scriptFormat="cobol"><script>x</script></scriptTask>'),
    ("expression", '<scriptTask id="k"><script>import os</script></scriptTask>'),
    ("expression", '<exclusiveGateway id="g"/>' + A + user("b") + "\ng > a if x.y()\ng > b if z"),
    ("expression", user("a", 'camunda:assignee="${bean.find(x)}"')),
    ("expression", user("a", inner=LOOP.format("<loopCardinality>eval(1)</loopCardinality>"))),
    ("loop_without_items", user("a", inner=LOOP.format(""))),
    (
        "loop_target",
        EVENT_SUB.format(LOOP.format("<loopCardinality>3</loopCardinality>") + event("startEvent", MESSAGE)) + A,
    ),
    ("loop_output", user("a", inner=LOOP.format(OUTPUT_ONLY))),
    ("decision_missing", '<businessRuleTask id="r" camunda:decisionRef="unknown"/>'),
    ("event_scope_start", '<subProcess id="e" triggeredByEvent="true"/>' + A),
    ("event_scope_flow", EVENT_SUB.format(event("startEvent", MESSAGE)) + A + "\na > sub"),
    ("nested_too_deep", "".join(f'<subProcess id="n{i}">' for i in range(20)) + "</subProcess>" * 20),
]  # fmt: skip


@pytest.mark.parametrize(("code", "body"), REFUSED)
def test_refused_with_element_and_line(code: str, body: str) -> None:
    assert code in codes(body)
    finding = next(found for found in compile_files({"p.bpmn": document(body)}).findings if found.code == code)
    assert finding.line is not None
    assert finding.element is not None or code == "missing_id"
    assert finding.file == "p.bpmn"


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("unreachable", '<startEvent id="s"/>' + A + user("lost") + "\ns > a"),
        ("no_default", '<exclusiveGateway id="g"/>' + A + user("b") + "\ng > a if x\ng > b if y"),
        ("nobody", user("a", "")),
        ("passes_through", '<task id="t"/>'),
        ("attribute_without_effect", user("a", 'camunda:asyncBefore="true" camunda:assignee="x"')),
        (
            "busy_loop",
            '<startEvent id="s"/><exclusiveGateway id="m"/>'
            '<scriptTask id="k"><script>n += 1</script></scriptTask>\ns > m > k > m',
        ),
        ("cycle_once", boundary("<timerEventDefinition><timeCycle>R3/PT1H</timeCycle></timerEventDefinition>")),
        (
            "attribute_without_effect",
            user("a", 'xmlns:f="http://flowable.org/bpmn" f:assignee="x" camunda:assignee="y"'),
        ),
        ("element_without_effect", user("a", inner="<potentialOwner/>")),
        ("extension_without_effect", user("a", inner="<extensionElements><camunda:field/></extensionElements>")),
    ],
)  # fmt: skip
def test_warned(code: str, body: str) -> None:
    assert code in codes(body, "warning")
    assert not codes(body)


def test_a_timer_in_a_loop_is_no_busy_loop() -> None:
    body = '<startEvent id="s"/><exclusiveGateway id="m"/>' + timer("Duration", "PT1H") + "\ns > m > v > m"
    assert "busy_loop" not in codes(body, "warning")


def test_the_line_is_the_line_in_the_file() -> None:
    content = HEAD.encode() + b'<process id="p" isExecutable="true">\n\n<serviceTask id="v"/>\n</process></definitions>'
    finding = compile_files({"p.bpmn": content}).findings[0]
    assert (finding.element, finding.line) == ("v", 3)


@pytest.mark.parametrize("flag", ["", 'isExecutable="false"'])
def test_a_drawing_is_not_deployed(flag: str) -> None:
    two = f'<process id="p" {flag}>{A}</process><process id="q" {flag}>{user("b")}</process>'
    content = f"{HEAD}{two}</definitions>".encode()
    compiled = compile_files({"p.bpmn": content})
    assert [found.code for found in compiled.findings] == ["not_executable"]
    assert not compiled.processes


def test_what_a_process_consists_of() -> None:
    attributes = 'name="判定" camunda:formKey="p/a" camunda:candidateGroups="x,y"'
    body = "<documentation>Why</documentation>" + user("a", attributes) + event("startEvent", MESSAGE, "s")
    body += '<serviceTask id="v" camunda:type="external" camunda:topic="t"/>\ns > a > v'
    process = compile_files({"p.bpmn": document(body)}).processes[0]
    assert (process.key, process.start_messages) == ("p", ("hello",))
    assert (process.form_keys, process.topics) == (("p/a",), ("t",))
    assert process.documentation == "Why"
    node = process.nodes["a"]
    assert (node.type, node.name, node.form_key, node.candidate_groups) == ("userTask", "判定", "p/a", ("x", "y"))


BOMB = b'<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">' + b"".join(
    f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">'.encode() for i in range(9)
)
HOSTILE = {
    "nothing": b"",
    "no XML": b"\x00\x01\x02",
    "cut off": document(A)[:200],
    "wrong encoding": b'<?xml version="1.0" encoding="utf-8"?><a>' + b"\xff\xfe</a>",
    "a picture": b"\x89PNG\r\n\x1a\n" + b"\x00" * 100,
    "external entity": b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>',
    "parameter entity": b'<!DOCTYPE d [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x"> %x;]><d/>',
    "external DTD": b'<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd"><d/>',
    "billion laughs": BOMB + b"]><d>&j;</d>",
    "internal entity": b'<!DOCTYPE d [<!ENTITY x "y">]><d>&x;</d>',
    "three megabytes": HEAD.encode() + b"<!--" + b"x" * 3_000_000 + b"-->",
    "deep": b"<a>" * 5_000 + b"</a>" * 5_000,
    "wide": HEAD.encode() + b"<x/>" * 100_000 + b"</definitions>",
    "ten thousand tasks": document("".join(user(f"t{i}", "") for i in range(10_000))),
    "no process": HEAD.encode() + b"</definitions>",
    "another language": b"<html><body>Hello</body></html>",
    "long attribute": document(user("a", f'camunda:assignee="{"x" * 500_000}"')),
    "long expression": document(user("a", f'camunda:assignee="${{{"a." * 200_000}a}}"')),
    "long condition": document(
        '<exclusiveGateway id="g"/>' + A + user("b") + "\ng > a if " + "(" * 90_000 + "\ng > b if x"
    ),
    "script tags": document(user("a", 'name="&lt;script&gt;alert(1)&lt;/script&gt;" camunda:unknown="1"')),
    "complete graph": document(
        "".join(f'<parallelGateway id="g{i}"/>' for i in range(60))
        + "".join(f'<sequenceFlow sourceRef="g{i}" targetRef="g{j}"/>' for i in range(60) for j in range(60))
    ),
    "long chain": document(
        "".join(user(f"t{i}", "") for i in range(1_900))
        + '<callActivity id="t1900"/>\n'
        + "\n".join(f"t{i} > t{i + 1}" for i in range(1_900))
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_answered_quickly_and_in_words(name: str) -> None:
    tracemalloc.start()
    with ends_soon(6):  # 2 s without the memory tracer, which slows by three
        found = compile_files({"p.bpmn": HOSTILE[name]}).findings
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert any(finding.severity == "error" for finding in found)
    assert peak < 100_000_000
    for finding in found[:5]:
        assert findings.word(finding, "en") and findings.word(finding, "zh")


def test_a_two_thousand_node_process_is_fine() -> None:
    body = '<startEvent id="s"/>' + "".join(user(f"t{i}", 'camunda:assignee="x"') for i in range(1_900))
    body += "\n" + "\n".join(f"t{i} > t{i + 1}" for i in range(1_899)) + "\ns > t0"
    with ends_soon():
        assert not codes(body)


def test_every_code_has_words_in_both_languages_and_is_used() -> None:
    root = Path(engine.__file__).parent
    source = "\n".join(path.read_text() for path in root.rglob("*.py") if path.name != "findings.py")
    used = set(re.findall(r'"([a-z]+(?:_[a-z]+)*)"', source)) | {"cell", "timer", "expression"}
    for code, words in findings.WORDS.items():
        assert code in used, code
        assert all(words), code
        assert re.search(r"[一-鿿]", words[0]), code


def test_every_code_that_is_reported_has_words() -> None:
    root = Path(engine.__file__).parent
    pattern = (
        r'(?:Finding\(\s*"\w+",|(?:report|find)\(\s*"(?:error|warning)",|report\.(?:error|warning)\(|self\.find\()'
    )
    calls = re.compile(pattern + r'\s*"([a-z_]+)"')
    found = {code for path in root.rglob("*.py") for code in calls.findall(path.read_text())}
    assert len(found) > 50
    assert found - {"error", "warning"} <= findings.WORDS.keys()


def test_words_never_fail_for_want_of_a_fact() -> None:
    for code in findings.WORDS:
        assert findings.word(Finding("error", code, "f", None, None), "en")
