"""Where a node lies: the scopes around it, from the outside in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec

from engine.errors import PlanRefused
from engine.model import Finding
from engine.spiff.activities import Activity
from engine.spiff.complex_gateway import ComplexGateway
from engine.spiff.gateways import EventGateway, InclusiveGateway, ParallelGateway
from engine.spiff.happenings import CatchEvent, EndEvent, ThrowByHandler, ThrowEvent
from engine.spiff.listeners import BoundaryEvent, EventStart
from engine.spiff.node import Node, Path
from engine.spiff.programs import Program

BODY = "#multiInstanceBody"
"""Behind the id of a repeated activity: all its repetitions together, as Camunda writes it."""


HOLDING = (
    Activity,
    BoundaryEvent,
    CatchEvent,
    ComplexGateway,
    EndEvent,
    EventGateway,
    InclusiveGateway,
    ParallelGateway,
    ThrowByHandler,
    ThrowEvent,
)
"""Where a token can stand still; a throwing event does while it undoes what was completed."""


@dataclass(frozen=True, slots=True)
class Place:
    """A node, and the sub-processes it lies in, the outermost first."""

    node: Node
    around: tuple[Node, ...]


class Places:
    """All nodes of a program, inside sub-processes too."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._starts: dict[str, Place] = {}
        self._found = {place.node.bpmn_id: place for place in self._walk(program.spec, ())}

    def _walk(self, spec: BpmnProcessSpec, around: tuple[Node, ...]) -> Iterator[Place]:
        for node in spec.by_element.values():
            if isinstance(node, EventStart):
                self._starts[node.bpmn_id] = Place(node, around)
                continue
            yield Place(node, around)
            inner = self._program.scopes.get(node.bpmn_id)
            if inner is not None:
                yield from self._walk(inner, (*around, node))

    def holder(self, node_id: str) -> Place | None:
        """The node at which tokens of that id wait: of an event sub-process its start, in the scope around it."""
        return self._starts.get(node_id) or self._found.get(node_id)

    def holders(self) -> Iterator[tuple[str, Place]]:
        """Every node at which a token can stand still, from the outside in."""
        for node_id, place in (*self._found.items(), *self._starts.items()):
            if node_id not in self._starts and isinstance(place.node, HOLDING) or isinstance(place.node, EventStart):
                yield node_id, place

    def opened(self) -> frozenset[str]:
        """The nodes that have a scope of their own."""
        return frozenset(self._program.scopes)

    def find(self, node_id: str | None) -> Place:
        """The node. Raises PlanRefused."""
        name = str(node_id or "")
        found = self._found.get(name.removesuffix(BODY))
        if found is None or (name.endswith(BODY) and found.node.element.loop is None):
            raise PlanRefused((Finding("error", "move_no_node", "", name or None, None, {}),))
        return found

    def flow(self, flow_id: str | None) -> tuple[Place, Path]:
        """The node a sequence flow leaves, and the flow. Raises PlanRefused."""
        for place in self._found.values():
            for path in place.node.paths:
                if path.flow_id == flow_id:
                    return place, path
        raise PlanRefused((Finding("error", "move_no_flow", "", flow_id, None, {}),))
