"""A BPMN file as values: what a designer drew, before anything is made of it for execution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TimerText:
    """A timer as written. ``kind``: date, duration or cycle."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class FilterText:
    """Which changes a conditional event is about: of these variables (none named: of any), of these kinds."""

    names: tuple[str, ...]
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EventText:
    """An event definition as written.

    ``kind`` is the BPMN local name without "EventDefinition" (message, timer, …), or "none". ``name`` is the name of
    the message or signal, the code of the error or escalation, or the name of the link.
    """

    kind: str = "none"
    name: str = ""
    timer: TimerText | None = None
    correlation: str | None = None
    topic: str | None = None
    condition: str | None = None
    filter: FilterText | None = None


@dataclass(frozen=True, slots=True)
class LoopText:
    """Multi-instance, or a standard loop, as written."""

    sequential: bool
    collection: str | None = None
    element: str | None = None
    cardinality: str | None = None
    completion: str | None = None
    output_collection: str | None = None
    output_element: str | None = None
    standard: bool = False
    condition: str | None = None
    maximum: str | None = None
    test_before: bool = False


@dataclass(frozen=True, slots=True)
class MappingText:
    """A variable that goes in or out of a called process: by name, computed, or all of them."""

    name: str
    expression: str
    target: str
    everything: bool


@dataclass(frozen=True, slots=True)
class CallText:
    """A call as written. ``binding``: which version; empty: the one deployed together, else the newest.

    ``key``, ``version`` and ``tag`` (of the version called) may be expressions.
    """

    key: str
    binding: str = ""
    version: str = ""
    tag: str = ""
    business_key: str | None = None
    inputs: tuple[MappingText, ...] = ()
    outputs: tuple[MappingText, ...] = ()


@dataclass(frozen=True, slots=True)
class Flow:
    """A sequence flow."""

    id: str
    source: str
    target: str
    condition: str | None
    name: str
    line: int | None


@dataclass(slots=True)
class Node:
    """A flow node. ``attributes`` are the ``camunda:`` attributes by local name, ``properties`` its properties."""

    id: str
    type: str
    name: str
    line: int | None
    documentation: str = ""
    event: EventText = field(default_factory=EventText)
    interrupting: bool = True
    attached_to: str | None = None
    default: str | None = None
    loop: LoopText | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    script: str = ""
    condition: str | None = None
    """When a complex gateway goes on, or an ad hoc sub-process has done enough."""
    sequential: bool = False
    cancels_rest: bool = True
    call: CallText | None = None
    message: str | None = None
    by_event: bool = False
    compensates: bool = False
    """Whether it undoes another activity."""
    scope: Scope | None = None
    lane: str | None = None

    @property
    def undoes_around(self) -> bool:
        """Whether it is an event sub-process that undoes the sub-process it lies in."""
        inner = self.scope.nodes.values() if self.by_event and self.scope is not None else ()
        return any(node.type == "startEvent" and node.event.kind == "compensate" for node in inner)


@dataclass(slots=True)
class Scope:
    """What a process or sub-process contains, in the order of the file."""

    id: str
    nodes: dict[str, Node] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    associations: list[tuple[str, str]] = field(default_factory=list)

    def outgoing(self, node_id: str) -> list[Flow]:
        """Flows that leave the node, in the order of the file."""
        return [flow for flow in self.flows.values() if flow.source == node_id]

    def incoming(self, node_id: str) -> list[Flow]:
        """Flows that enter the node."""
        return [flow for flow in self.flows.values() if flow.target == node_id]

    def handler(self, boundary: str) -> str | None:
        """The activity a compensation boundary event is associated with."""
        return next((target for origin, target in self.associations if origin == boundary), None)

    def walk(self) -> Iterator[tuple[Scope, Node]]:
        """Every node here and inside, each with the scope it lies in."""
        for node in self.nodes.values():
            yield self, node
            if node.scope is not None:
                yield from node.scope.walk()


@dataclass(slots=True)
class Process:
    """One ``bpmn:process``."""

    key: str
    name: str
    resource: str
    line: int | None
    executable: bool
    scope: Scope
    documentation: str = ""
    version_tag: str | None = None
    search_variables: tuple[str, ...] = ()
    """Variables by which instances can be found."""
