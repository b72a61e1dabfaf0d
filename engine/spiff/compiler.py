"""Deployment: read files, check them, and say what the processes in them consist of."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from engine import decisions
from engine.model import Finding
from engine.spiff import lint, source
from engine.spiff.call_reader import computed, is_pinned
from engine.spiff.reader import Reader

MAX_SECONDS = 2.0
"""Longest a file may take to be checked, in processor time."""


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """What others need to know of a node without opening the file."""

    type: str
    name: str
    lane: str | None = None
    form_key: str | None = None
    candidate_groups: tuple[str, ...] = ()
    service_level: str | None = None
    documentation: str = ""
    scope: str = ""
    topic: str | None = None
    decision: str | None = None
    called: str | None = None
    begins_by: tuple[str, str] | None = None
    """What begins the process here: kind and name of the event."""


@dataclass(frozen=True, slots=True)
class CompiledProcess:
    """A process that can be deployed."""

    key: str
    name: str
    resource: str
    nodes: Mapping[str, NodeInfo]
    start_messages: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    bindings: Mapping[str, source.CallText] = field(default_factory=dict)
    """Which version each called process is pinned in."""
    tagged: Mapping[str, source.CallText] = field(default_factory=dict)
    """Calls of a version by its tag, by node, as far as the file says which."""
    decisions: tuple[str, ...] = ()
    form_keys: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    documentation: str = ""
    version_tag: str | None = None
    search_variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compiled:
    """What the files contain, and everything found in them. With an error among the findings nothing is deployed."""

    processes: tuple[CompiledProcess, ...] = ()
    findings: tuple[Finding, ...] = ()
    decisions: tuple[str, ...] = field(default=())
    forms: Mapping[str, bytes] = field(default_factory=dict)
    """Form files by name, made from fields in the diagrams for forms that are not among the files."""


def compile_files(files: Mapping[str, bytes], *, drawings: bool = False) -> Compiled:
    """Check all BPMN and DMN files that are deployed together. ``drawings``: make them executable."""
    findings: list[Finding] = []
    tables: dict[str, decisions.Decision] = {}
    for name in sorted(files):
        if name.endswith(".dmn"):
            parsed = decisions.parse(name, files[name])
            findings.extend(parsed.findings)
            for decision in parsed.decisions:
                if decision.id in tables:
                    findings.append(Finding("error", "duplicate_id", name, decision.id, None, {"type": "decision"}))
                tables[decision.id] = decision
    processes: list[CompiledProcess] = []
    forms: dict[str, bytes] = {}
    for name in sorted(files):
        if name.endswith((".bpmn", ".bpmn20.xml")):
            deadline = time.thread_time() + MAX_SECONDS
            reader = Reader(name, files[name], drawings=drawings)
            processes.extend(_compile_bpmn(reader, tables, findings, deadline))
            forms.update((f"{key}.json", form) for key, form in reader.forms.items() if f"{key}.json" not in files)
    return Compiled(tuple(processes), tuple(findings), tuple(sorted(tables)), forms)


def _compile_bpmn(
    reader: Reader, tables: Mapping[str, decisions.Decision], findings: list[Finding], deadline: float
) -> list[CompiledProcess]:
    findings.extend(reader.findings)
    executable = [process for process in reader.processes if process.executable]
    if reader.processes and not executable:
        process = reader.processes[0]
        findings.append(Finding("error", "not_executable", reader.file, process.key, process.line, {}))
    for process in executable:
        findings.extend(lint.check(process, tables, deadline))
    return [_describe(process) for process in executable]


def _describe(process: source.Process) -> CompiledProcess:
    nodes = {node.id: _info(scope, node) for scope, node in process.scope.walk()}
    for node in process.scope.nodes.values():
        if node.type == "startEvent":
            nodes[node.id] = replace(nodes[node.id], begins_by=(node.event.kind, node.event.name))
    calls = {node.id: node.call for _, node in process.scope.walk() if node.call is not None}
    bindings = {call.key: call for call in calls.values() if is_pinned(call)}
    starts = [node for node in process.scope.nodes.values() if node.type == "startEvent"]
    return CompiledProcess(
        key=process.key,
        name=process.name,
        resource=process.resource,
        nodes=nodes,
        start_messages=tuple(node.event.name for node in starts if node.event.kind == "message"),
        calls=tuple(sorted(bindings)),
        bindings=bindings,
        tagged={key: call for key, call in calls.items() if not (is_pinned(call) or computed(call))},
        decisions=_distinct(info.decision for info in nodes.values()),
        form_keys=_distinct(info.form_key for info in nodes.values()),
        topics=_distinct(info.topic for info in nodes.values()),
        documentation=process.documentation,
        version_tag=process.version_tag,
        search_variables=process.search_variables,
    )


def _distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value}))


def _info(scope: source.Scope, node: source.Node) -> NodeInfo:
    groups = node.attributes.get("candidateGroups", "")
    return NodeInfo(
        type=node.type,
        name=node.name or node.id,
        lane=node.lane,
        form_key=node.attributes.get("formKey"),
        candidate_groups=tuple(name.strip() for name in groups.split(",") if name.strip()),
        service_level=node.properties.get("serviceLevel"),
        documentation=node.documentation,
        scope=scope.id,
        topic=node.attributes.get("topic"),
        decision=node.attributes.get("decisionRef"),
        called=node.call.key if node.call and is_pinned(node.call) else None,
    )
