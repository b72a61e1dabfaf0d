"""What must be right before a draft can be deployed: what the engine finds, and what people need besides.

An error blocks. Forms, people, groups and names in both languages are this module's; expressions, references,
decisions and flows are the engine's.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

import engine
from app import formkit
from app.accounts import queries as accounts
from app.designer import tables
from app.designer.names import Kind, NameRefused, kind_of
from engine import drawing
from engine.hardened_xml import XmlRefused, local_name, parse_xml

BLOCKING = frozenset({"form_missing", "nobody", "unreachable"})
"""What a program may deploy with a warning, but nobody from the workshop."""
SINGLE = ("UNIQUE", "FIRST", "ANY", "PRIORITY")
WRITTEN_BESIDE = ("lane", "participant")
"""Elements with a name that are no nodes. A pool called like its process has the name of the process."""
Found = Iterator[engine.Finding]


@dataclass(frozen=True, slots=True)
class House:
    """Who is there."""

    groups: frozenset[str]
    logins: frozenset[str]


def check(
    session: Session, files: Mapping[str, bytes], base: bytes = b"", *, drawings: bool = False
) -> tuple[engine.Finding, ...]:
    """Everything found in these files, errors first. ``base``: the BPMN they were made from, whose variables are
    known. ``drawings``: as :class:`engine.Deploy` has it."""
    found = [
        replace(finding, severity="error") if finding.code in BLOCKING else finding
        for finding in engine.check_files(session, files, drawings=drawings)
    ]
    house = House(
        frozenset(group.name for group in accounts.groups(session)),
        frozenset(person.login for person in accounts.users(session)),
    )
    drawn = [process for name in sorted(files) if name.endswith(".bpmn") for process in drawing.read(name, files[name])]
    for process in drawn:
        found.extend(_process(process, files, house, base))
    found.extend(_twice(drawn))
    found.extend(_forms(drawn, files))
    for name in sorted(files):
        if name.endswith(".dmn"):
            found.extend(_tables(name, files[name]))
    unique = {(one.code, one.file, one.element, str(sorted(one.facts.items(), key=str))): one for one in found}
    return tuple(sorted(unique.values(), key=lambda one: (one.severity != "error", one.file)))


def refuses(found: tuple[engine.Finding, ...]) -> bool:
    """Whether nothing may be deployed."""
    return any(finding.severity == "error" for finding in found)


def _process(process: drawing.Process, files: Mapping[str, bytes], house: House, base: bytes) -> Found:
    english = _english(files.get(f"{process.key}.en.json"))
    for scope, node in process.scope.walk():
        if node.type == "userTask":
            yield from _person_needed(process, node, house)
        if _ends_dead(scope, node):
            yield engine.Finding("error", "dead_end", process.resource, node.id, node.line)
        if not node.name and node.type == "userTask":
            yield engine.Finding("error", "chinese_name_missing", process.resource, node.id, node.line)
    yield from _unseen(process, files[process.resource])
    yield from _names(process, files[process.resource], english)
    yield from _variables(process, files, base)


# people and forms
def _person_needed(process: drawing.Process, node: drawing.Node, house: House) -> Found:
    def found(code: str, **facts: Any) -> engine.Finding:
        return engine.Finding("error", code, process.resource, node.id, node.line, facts)

    attributes = node.attributes
    if not attributes.get("formKey"):
        yield found("form_not_chosen")
    for group in _fixed(attributes.get("candidateGroups")):
        if group not in house.groups:
            yield found("group_unknown", group=group)
    for name in ("assignee", "candidateUsers"):
        for login in _fixed(attributes.get(name)):
            if login not in house.logins:
                yield found("person_unknown", login=login)
    people = ("assignee", "candidateGroups", "candidateUsers")
    if node.lane and not any(attributes.get(name) for name in people) and node.lane not in house.groups:
        yield found("lane_as_group", group=node.lane)


def _fixed(text: str | None) -> list[str]:
    """The names in a list that is no expression."""
    if not text or "${" in text or "#{" in text or text.startswith("="):
        return []
    return [name.strip() for name in text.split(",") if name.strip()]


def _forms(drawn: list[drawing.Process], files: Mapping[str, bytes]) -> Found:
    for file, problem in formkit.problems_in(files):
        yield engine.Finding(
            "error", "form_problem", file, None, None, {"path": problem.path, "reason": problem.message}
        )
    used = {node.attributes.get("formKey", "") for process in drawn for _, node in process.scope.walk()}
    computed = any("${" in key or "#{" in key or key.startswith("=") for key in used)
    for name in sorted(files):
        if _kind(name) is not Kind.FORM:
            continue
        key = name.removesuffix(".json")
        if key not in used and not computed:
            yield engine.Finding("warning", "form_unused", name, None, None, {"form_key": key})
        called = _json(files[name]).get("key")
        if isinstance(called, str) and called != key:
            yield engine.Finding("error", "form_name", name, None, None, {"form_key": called[:200]})


def _kind(name: str) -> Kind | None:
    try:
        return kind_of(name)
    except NameRefused:
        return None


# the drawing
def _twice(drawn: list[drawing.Process]) -> Found:
    seen: dict[str, str] = {}
    for process in drawn:
        if seen.setdefault(process.key, process.resource) != process.resource:
            yield engine.Finding("error", "drawn_twice", process.resource, process.key, process.line)


def _unseen(process: drawing.Process, content: bytes) -> Found:
    """Steps without a shape: they run, and no diagram shows them."""
    shown = {shape.get("bpmnElement") for shape in _elements(content) if local_name(shape) == "BPMNShape"}
    if not shown:
        yield engine.Finding("warning", "nothing_drawn", process.resource, process.key, process.line)
        return
    for _scope, node in process.scope.walk():
        if node.id not in shown:
            yield engine.Finding("warning", "not_drawn", process.resource, node.id, node.line)


def _elements(content: bytes) -> Iterator[Any]:
    try:
        return parse_xml(content).iter()
    except XmlRefused:
        return iter(())


def _ends_dead(scope: drawing.Scope, node: drawing.Node) -> bool:
    """A path that stops at something that is no end. What stands apart (an event sub-process, what undoes something,
    the choices of an ad hoc sub-process) has no flows by nature, and a link goes on elsewhere."""
    if node.type == "endEvent" or scope.outgoing(node.id) or node.by_event or node.compensates:
        return False
    if node.event.kind == "compensate" and node.type == "boundaryEvent":
        return False
    if node.event.kind == "link" and node.type == "intermediateThrowEvent":
        return False
    return any(one.type in ("startEvent", "endEvent") for one in scope.nodes.values())


# names in both languages
def _english(content: bytes | None) -> Mapping[str, Any]:
    names = _json(content or b"{}").get("elements")
    return names if isinstance(names, dict) else {}


def _json(content: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _names(process: drawing.Process, content: bytes, english: Mapping[str, Any]) -> Found:
    for key, name, line in _named(process, content):
        written = english.get(key)
        if not (isinstance(written, str) and written.strip()):
            yield engine.Finding("error", "english_name_missing", process.resource, key, line, {"name": name})


def _named(process: drawing.Process, content: bytes) -> Iterator[tuple[str, str, int | None]]:
    yield process.key, process.name, process.line
    for scope, node in process.scope.walk():
        if node.name:
            yield node.id, node.name, node.line
        for flow in scope.outgoing(node.id):
            if flow.name:
                yield flow.id, flow.name, flow.line
    for element in _elements(content):
        name = element.get("name", "")
        if local_name(element) in WRITTEN_BESIDE and name not in ("", process.name) and element.get("id"):
            yield element.get("id", ""), name, None


# variables
def _variables(process: drawing.Process, files: Mapping[str, bytes], base: bytes) -> Found:
    """Names that conditions read and nothing sets. What the deployed version reads already comes from elsewhere."""
    known: set[str] | None = None
    for scope, node in process.scope.walk():
        for flow in scope.outgoing(node.id):
            for name in sorted(_read(flow.condition)):
                known = variables_set(process, files) if known is None else known
                if name not in known and not re.search(rf"\b{re.escape(name)}\b".encode(), base):
                    facts = {"variable": name}
                    yield engine.Finding("warning", "variable_never_set", process.resource, flow.id, flow.line, facts)


def _read(condition: str | None) -> frozenset[str]:
    if not condition:
        return frozenset()
    try:
        return engine.compile_expression(condition).names - {"true", "false", "null"}
    except engine.ExpressionRefused:
        return frozenset()


def variables_set(process: drawing.Process, files: Mapping[str, bytes]) -> set[str]:
    """Variables that forms, scripts, decisions, loops and calls of the process set."""
    found = {"business_key", "starter"}
    for _, node in process.scope.walk():
        found.update(node.inputs, node.outputs, re.findall(r"^\s*(\w+)\s*=(?!=)", node.script, re.MULTILINE))
        found.add(node.attributes.get("resultVariable", ""))
        loop = node.loop
        if loop is not None:
            found.update(filter(None, (loop.element, loop.output_collection, loop.output_element)))
        if node.call is not None:
            found.update(mapping.target for mapping in node.call.outputs)
        found |= _of_form(files.get(f"{node.attributes.get('formKey', '')}.json"))
        if node.attributes.get("decisionRef") and not node.attributes.get("resultVariable"):
            found |= _answers(files)
    return found - {""}


def _of_form(content: bytes | None) -> set[str]:
    fields = _json(content or b"{}").get("fields")
    return {
        str(field.get("stores") or field.get("name"))
        for field in (fields if isinstance(fields, list) else [])
        if isinstance(field, dict) and field.get("variable")
    }


def _answers(files: Mapping[str, bytes]) -> set[str]:
    drawn = (table for name in files if name.endswith(".dmn") for table in tables.read(files[name]))
    return {name for table in drawn for _, name in table.outputs}


# decisions
def _tables(name: str, content: bytes) -> Found:
    for table in tables.read(content):
        width = len(table.inputs)
        rest = any(all(cell in ("", "-") for cell in row.cells[:width]) for row in table.rows)
        if table.policy in SINGLE and table.inputs and not rest:
            facts = {"name": table.name}
            yield engine.Finding("warning", "no_row_for_the_rest", name, table.id, None, facts)
