"""Hostile expressions at every place that takes one, evaluated there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from functools import partial
from typing import Any

from app import formkit
from app.errors import FieldErrors
from engine import decisions
from engine.errors import EngineError
from engine.spiff import compile_files
from tests.support.hostile_expressions import payloads
from tests.support.workflows import Play, document, user

DATA: Mapping[str, Any] = {
    "text": "x", "level": {"judge": 4}, "groups": ["a", "b"], "flag": True, "a": 1, "order": "1"
}  # fmt: skip
BEGIN = '<startEvent id="s"/>\n'
TABLE = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
<decision id="t" name="t"><decisionTable id="x" hitPolicy="FIRST">
<input id="i"><inputExpression id="ie"><text>INPUT</text></inputExpression></input><output id="o" name="o"/>
<rule id="r"><inputEntry id="r1"><text>TEST</text></inputEntry><outputEntry id="r2"><text>OUTPUT</text></outputEntry>
</rule></decisionTable></decision></definitions>"""
LITERAL = """<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="d" name="d" namespace="n">
<decision id="t" name="t"><variable name="o"/><literalExpression><text>WHOLE</text></literalExpression></decision>
</definitions>"""
CELLS = {"INPUT": "a", "TEST": "-", "OUTPUT": "1"}
REFUSED, STOPPED, RAN = "refused", "stopped", "ran"
HARMLESS = "1 + 1"
COMPARISONS = ("round(number=1)", "sorted(groups, key=len)", "x = 1")
"""Refused in Python's spelling; after "=" they ask whether two values are equal."""


def everywhere(mark: str) -> Iterator[tuple[str, Callable[[], str]]]:
    """Each place with each expression, and how that ends: refused when deploying, stopped when running, or it ran.

    What must never come to a value has a name that begins with "never"; the places themselves are shown to work by
    an expression whose name begins with "harmless".
    """
    kinds: dict[str, str] = {HARMLESS: "harmless", **_kinds(mark)}
    for number, (text, kind) in enumerate(kinds.items()):
        for place, body in in_processes(text):
            yield f"{kind} {place} {number}", partial(run, document(body))
        keyed = document(KEYED).replace(b'value="=order"', f'value="{_quoted(_spelled(text))}"'.encode())
        yield f"{kind} correlation key {number}", partial(run, keyed)
        for cell in CELLS:
            yield f"{kind} {cell.lower()} of a table {number}", partial(decide, TABLE, cell, text)
        yield f"{kind} decision {number}", partial(decide, LITERAL, "WHOLE", text)
        yield f"{kind} field of a form {number}", partial(show, f"{text} == 2" if text == HARMLESS else text)


def _kinds(mark: str) -> dict[str, str]:
    strict = payloads(mark)
    never = {text for text in strict if strict[text]} - set(COMPARISONS)
    return {text: "never" if text in never else "perhaps" for text in strict if text.strip("= ")}  # nothing is nothing


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _marked(text: str) -> bool:
    return text.startswith("=") or "${" in text or "#{" in text


def _spelled(text: str) -> str:
    """As an expression where a text may stand too."""
    return text if _marked(text) else f"={text}"


KEYED = (
    BEGIN
    + '<intermediateCatchEvent id="c"><messageEventDefinition messageRef="keyed_"/></intermediateCatchEvent>\ns > c'
)


def in_processes(payload: str) -> Iterator[tuple[str, str]]:
    """A process for each place in it."""
    plain, text = _quoted(payload), _quoted(_spelled(payload))
    braces = _quoted(payload if _marked(payload) else f"${{{payload}}}")
    yield "condition", f'{BEGIN}<exclusiveGateway id="g"/>{user("x")}{user("b")}\ns > g\ng > x if {plain}\ng > b'
    yield "script", f'{BEGIN}<scriptTask id="k"><script>x = {plain}</script></scriptTask>{user("b")}\ns > k > b'
    for kind in ("Duration", "Date", "Cycle"):
        timer = f"<timerEventDefinition><time{kind}>{text}</time{kind}></timerEventDefinition>"
        beside = f'<boundaryEvent id="c" attachedToRef="x" cancelActivity="false">{timer}</boundaryEvent>{user("b")}'
        yield f"timer {kind}", f"{BEGIN}{user('x')}{beside}\ns > x\nc > b"
    event = f"<conditionalEventDefinition><condition>{text}</condition></conditionalEventDefinition>"
    yield "conditional event", f'{BEGIN}<intermediateCatchEvent id="c">{event}</intermediateCatchEvent>\ns > c'
    items = "multiInstanceLoopCharacteristics"
    collection = f'<{items} camunda:collection="{text}"/>'
    number = f"<{items}><loopCardinality>{text}</loopCardinality></{items}>"
    loop = f'<standardLoopCharacteristics testBefore="true"><loopCondition>{text}</loopCondition>'
    given = f'<camunda:inputParameter name="n">{text}</camunda:inputParameter>'
    inside = {
        "collection": collection,
        "cardinality": number,
        "loop": f"{loop}</standardLoopCharacteristics>",
        "input": f"<extensionElements><camunda:inputOutput>{given}</camunda:inputOutput></extensionElements>",
    }
    for place, inner in inside.items():
        yield place, f"{BEGIN}{user('x', inner=inner)}\ns > x"
    for attribute in ("assignee", "candidateUsers", "candidateGroups", "dueDate", "priority"):
        attributes = f'camunda:{attribute}="{braces}"'
        yield attribute, f"{BEGIN}{user('x', attributes)}\ns > x"


def run(content: bytes) -> str:
    """Deploy and start it, and look at what it waits for."""
    found = compile_files({"p.bpmn": content})
    if any(finding.severity == "error" for finding in found.findings) or not found.processes:
        return REFUSED
    try:
        assert Play(content, DATA).waiting is not None
    except EngineError:
        return STOPPED
    return RAN


def decide(table: str, cell: str, payload: str) -> str:
    """Deploy the decision with the payload in one cell, and decide."""
    text = table.replace(cell, payload.replace("&", "&amp;").replace("<", "&lt;"))
    for other, harmless in CELLS.items():
        text = text.replace(f"<text>{other}</text>", f"<text>{harmless}</text>")
    found = decisions.parse("t.dmn", text.encode())
    if any(finding.severity == "error" for finding in found.findings):
        return REFUSED
    try:
        decisions.evaluate(found.decisions[0], DATA)
    except (EngineError, decisions.DecisionFailed):
        return STOPPED
    return RAN


def show(payload: str) -> str:
    """A form with a field that must be filled in when the payload says so, and is not."""
    label = {"zh": "x", "en": "x"}
    fields: list[dict[str, Any]] = [{"name": name, "type": "text", "label": label} for name in DATA]
    fields.append({"name": "x", "type": "text", "label": label, "required": True, "visible_if": payload})
    try:
        form = formkit.parse(json.dumps({"key": "x", "title": label, "fields": fields}).encode())
    except formkit.FormInvalid:
        return REFUSED
    try:
        formkit.bind(form, {}, facts=DATA, zone=UTC)
    except FieldErrors as found:
        return RAN if "x" in found.errors else STOPPED
    return STOPPED
