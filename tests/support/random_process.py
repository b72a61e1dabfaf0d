"""Random processes: blocks of BPMN in blocks of BPMN, the same for the same seed.

Three things keep a random process decidable, because BPMN leaves their order open: whatever throws stands right behind
a user task, so nothing else moves when it throws; scripts only count themselves, so they may run in any order; and
only items that somebody finishes one by one can be enough before all are done.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count

from tests.support.drawn import Condition, Event, Flow, Loop, Node, Scope

Ends = tuple[str, str]


@dataclass(frozen=True)
class Place:
    """Where a block is drawn: which error codes are caught around it, whether anything may be thrown there."""

    codes: tuple[str, ...] = ()
    throws: bool = True


@dataclass
class Drawing:
    """A scope while it is drawn. A block returns the ids of its first and last node."""

    rng: random.Random
    scope: Scope
    place: Place = Place()
    numbers: Iterator[int] = field(default_factory=count)

    def chance(self, part: float) -> bool:
        return self.rng.random() < part

    def name(self, prefix: str) -> str:
        return f"{prefix}{next(self.numbers)}"

    def add(self, prefix: str, kind: str, **more: object) -> Node:
        node = Node(self.name(prefix), kind, **more)  # type: ignore[arg-type]  # fields of a node by name
        self.scope.nodes[node.id] = node
        return node

    def flow(self, source: str, target: str, condition: Condition | None = None, *, default: bool = False) -> None:
        self.scope.flows.append(Flow(self.name("f"), source, target, condition, default))

    def chain(self, *ids: str) -> Ends:
        for source, target in zip(ids, ids[1:], strict=False):
            self.flow(source, target)
        return ids[0], ids[-1]

    def inside(self, name: str, place: Place) -> Drawing:
        return Drawing(self.rng, Scope(name), place, self.numbers)

    def condition(self) -> Condition:
        modulus = self.rng.randint(2, 4)
        return Condition(modulus, self.rng.randrange(modulus), self.chance(0.3))


Block = Callable[[Drawing, int], Ends]


# what a person, a program or nobody does
def task(draw: Drawing, _depth: int) -> Ends:
    node = draw.add("t", "userTask")
    decorate(draw, node)
    return then_undone(draw, (node.id, node.id), 0.4) if node.undo else (node.id, node.id)


def then_undone(draw: Drawing, ends: Ends, part: float) -> Ends:
    """Now and then, what was just done is undone soon, alone or with everything before."""
    if not draw.place.throws or not draw.chance(part):
        return ends
    last = tail(draw, ends)[1]
    thrown = draw.add("x", "intermediateThrowEvent", event=compensation(draw, draw.scope))
    return ends[0], draw.chain(last, draw.add("t", "userTask").id, thrown.id)[1]


def script(draw: Drawing, _depth: int) -> Ends:
    node = draw.add("k", "scriptTask")
    return node.id, node.id


def nothing(draw: Drawing, _depth: int) -> Ends:
    node = draw.add("n", draw.rng.choice(["task", "manualTask", "intermediateThrowEvent"]))
    return node.id, node.id


def service(draw: Drawing, _depth: int) -> Ends:
    node = draw.add("v", draw.rng.choice(["serviceTask", "callActivity"]))
    decorate(draw, node, errors=True)
    return node.id, node.id


def receive(draw: Drawing, _depth: int) -> Ends:
    node = draw.add("r", "receiveTask")
    node.event = Event("message", node.id)
    return node.id, node.id


def catch(draw: Drawing, _depth: int) -> Ends:
    node = draw.add("c", "intermediateCatchEvent")
    node.event = happening(draw, node.id)
    if node.event.kind == "signal" and draw.chance(0.5):
        node.event = Event("signal", "alarm")
    return node.id, node.id


def happening(draw: Drawing, name: str) -> Event:
    """Something that comes from outside; each catcher its own, so that nothing happens twice at once."""
    kind = draw.rng.choice(["message", "timer", "signal", "conditional"])
    if kind == "timer":
        return Event("timer")
    if kind == "conditional":
        return Event("conditional", value=int(name.lstrip("abcdefghijklmnopqrstuvwxyz")) + 1)
    return Event(kind, name)


def repeated(draw: Drawing, _depth: int) -> Ends:
    node = draw.add("m", draw.rng.choice(["userTask", "userTask", "scriptTask", "serviceTask"]))
    node.loop = loop_of(draw, node)
    if node.kind == "userTask":
        decorate(draw, node, loops=False)
    return node.id, node.id


def loop_of(draw: Drawing, node: Node) -> Loop:
    if draw.chance(0.25):
        return Loop(
            standard=True,
            sequential=True,
            count=draw.rng.randint(1, 3),
            again=draw.condition() if draw.chance(0.6) else None,
            test_before=draw.chance(0.4),
        )
    sequential = draw.chance(0.4)
    one_by_one = sequential or node.kind in ("userTask", "serviceTask", "callActivity")
    return Loop(
        sequential=sequential,
        items=draw.chance(0.5),
        count=draw.rng.randint(0, 3),
        enough=draw.rng.choice([0, 0, 1, 2]) if one_by_one else 0,
        output=f"o_{node.id}" if draw.chance(0.3) and node.kind != "scriptTask" else "",
    )


def decorate(draw: Drawing, host: Node, *, errors: bool = False, loops: bool = True) -> None:
    """Now and then boundary events: an interrupting one leads back to where the work goes on."""
    if loops and draw.chance(0.1):
        host.loop = loop_of(draw, host)
    for _ in range(2):
        if draw.chance(0.12):
            boundary(draw, host)
    if errors and draw.chance(0.5):
        edge = edge_of(draw, host, Event("error", draw.rng.choice(["", "E1"])), interrupting=True)
        back(draw, edge, host)
    if draw.chance(0.3):
        kind = draw.rng.choice(["userTask", "userTask", "scriptTask"])
        host.undo = Node(draw.name("u"), kind)
    if host.kind == "callActivity" and draw.chance(0.4):
        edge_with_exit(draw, host, Event("escalation", draw.rng.choice(["", "U1"])))


def boundary(draw: Drawing, host: Node) -> None:
    edge_with_exit(draw, host, None)


def edge_of(draw: Drawing, host: Node, event: Event | None, *, interrupting: bool) -> Node:
    edge = Node(draw.name("e"), "boundaryEvent", event, interrupting)
    if event is None:
        edge.event = happening(draw, edge.id)
        if edge.event.kind == "timer" and not interrupting and draw.chance(0.5):
            edge.event = Event("timer", "R2")
    host.boundaries.append(edge)
    return edge


def edge_with_exit(draw: Drawing, host: Node, event: Event | None) -> None:
    interrupting = draw.chance(0.5)
    edge = edge_of(draw, host, event, interrupting=interrupting)
    if interrupting:
        back(draw, edge, host)
    else:
        draw.chain(edge.id, draw.add("t", "userTask").id)


def back(draw: Drawing, edge: Node, host: Node) -> None:
    """Behind ``host`` and the exit of its boundary event there is one node, so that joins get one token."""
    after = next((flow.target for flow in draw.scope.flows if flow.source == host.id), None)
    if after is None:
        after = draw.add("t", "userTask").id
        draw.flow(host.id, after)
    draw.chain(edge.id, draw.add("t", "userTask").id, after)


def tail(draw: Drawing, ends: Ends) -> Ends:
    """The last node of a block, once boundary events may have given it a successor."""
    following = next((flow.target for flow in draw.scope.flows if flow.source == ends[1]), None)
    return ends if following is None else (ends[0], following)


# gateways
def sequence(draw: Drawing, depth: int) -> Ends:
    first, last = block(draw, depth - 1)
    start, end = block(draw, depth - 1)
    draw.flow(last, start)
    return first, end


def pair(draw: Drawing, kind: str) -> tuple[Node, Node]:
    return draw.add("g", kind), draw.add("j", kind)


def parallel(draw: Drawing, depth: int) -> Ends:
    split, join = pair(draw, "parallelGateway")
    for _ in range(draw.rng.randint(2, 3)):
        first, last = block(draw, depth - 1)
        draw.chain(split.id, first)
        draw.chain(last, join.id)
    return split.id, join.id


def implicit_split(draw: Drawing, depth: int) -> Ends:
    """Two flows out of a task are a split."""
    origin, join = draw.add("t", "userTask"), draw.add("j", "parallelGateway")
    for _ in range(2):
        first, last = block(draw, depth - 1)
        draw.chain(origin.id, first)
        draw.chain(last, join.id)
    return origin.id, join.id


def conditional_flows(draw: Drawing, depth: int) -> Ends:
    """Out of a task: every flow whose condition holds, else the default; joined by an inclusive gateway."""
    origin, join = draw.add("t", "userTask"), draw.add("j", "inclusiveGateway")
    for number in range(3):
        first, last = block(draw, depth - 2)
        draw.flow(origin.id, first, None if number == 2 else draw.condition(), default=number == 2)
        draw.chain(last, join.id)
    return origin.id, join.id


def inclusive(draw: Drawing, depth: int) -> Ends:
    split, join = pair(draw, "inclusiveGateway")
    for number in range(3):
        first, last = block(draw, depth - 1 - number)
        draw.flow(split.id, first, None if number == 2 else draw.condition(), default=number == 2)
        draw.chain(last, join.id)
    return split.id, join.id


def choice(draw: Drawing, depth: int) -> Ends:
    """Joined by a gateway, or by the next task itself."""
    split = draw.add("g", "exclusiveGateway")
    join = draw.add("j", "exclusiveGateway") if draw.chance(0.5) else draw.add("t", "userTask")
    first, last = block(draw, depth - 1)
    draw.flow(split.id, first, draw.condition())
    draw.chain(last, join.id)
    if draw.chance(0.3):
        draw.flow(split.id, join.id, default=True)
    else:
        first, last = block(draw, depth - 1)
        draw.flow(split.id, first, default=True)
        draw.chain(last, join.id)
    return split.id, join.id


def partial_join(draw: Drawing, depth: int) -> Ends:
    """Two of three are enough, or as many as the number says."""
    split, join = draw.add("g", "parallelGateway"), draw.add("j", "complexGateway")
    join.needed = draw.rng.randint(1, 3)
    for _ in range(3):
        first, last = block(draw, depth - 2)
        draw.chain(split.id, first)
        draw.chain(last, join.id)
    out, _ = task(draw, 0)
    draw.flow(join.id, out)
    return tail(draw, (split.id, out))


def loop(draw: Drawing, depth: int) -> Ends:
    merge, decide = pair(draw, "exclusiveGateway")
    again, out = draw.add("t", "userTask"), draw.add("t", "userTask")
    first, last = block(draw, depth - 1)
    draw.chain(merge.id, first)
    draw.chain(last, again.id, decide.id)
    draw.flow(decide.id, merge.id, draw.condition())
    draw.flow(decide.id, out.id, default=True)
    return merge.id, out.id


def event_gateway(draw: Drawing, depth: int) -> Ends:
    split, join = draw.add("g", "eventBasedGateway"), draw.add("j", "exclusiveGateway")
    for _ in range(draw.rng.randint(2, 3)):
        caught = draw.add("c", "intermediateCatchEvent")
        caught.event = happening(draw, caught.id)
        first, last = block(draw, depth - 2)
        draw.chain(split.id, caught.id, first)
        draw.chain(last, join.id)
    return split.id, join.id


def link(draw: Drawing, depth: int) -> Ends:
    """A task leads to a link; another place goes on from it."""
    before, throw = draw.add("t", "userTask"), draw.add("l", "intermediateThrowEvent")
    caught = draw.add("l", "intermediateCatchEvent")
    throw.event = caught.event = Event("link", throw.id)
    draw.chain(before.id, throw.id)
    first, last = block(draw, depth - 1)
    draw.chain(caught.id, first)
    return before.id, last


# throwing
def throw(draw: Drawing, depth: int) -> Ends:
    if not draw.place.throws:
        return task(draw, depth)
    before = draw.add("t", "userTask")
    event = draw.rng.choice([Event("signal", "alarm"), Event("escalation", "U1"), Event("escalation", "U2")])
    if draw.chance(0.4):
        event = compensation(draw, draw.scope)
    thrown = draw.add("x", "intermediateThrowEvent", event=event)
    return draw.chain(before.id, thrown.id)


def compensation(draw: Drawing, scope: Scope) -> Event:
    """Undoing everything that was done in the scope, or one thing."""
    nodes = scope.nodes.values()
    names = [node.id for node in nodes if node.undo or (node.inner and not undoes(node))]
    return Event("compensate", draw.rng.choice(["", "", *names]))


def undoes(node: Node) -> bool:
    """Whether it is an event sub-process that undoes the sub-process it lies in."""
    starts = [one for one in node.inner.nodes.values() if one.kind == "startEvent"] if node.inner else []
    return node.by_event and any(start.event is not None and start.event.kind == "compensate" for start in starts)


def way_out(draw: Drawing, depth: int) -> Ends:
    """A choice, one side of which ends here: by an error somebody catches, or by ending everything in the scope."""
    if not draw.place.throws:
        return task(draw, depth)
    kinds = [Event("terminate"), *(Event("error", code) for code in draw.place.codes)]
    split, before, after = draw.add("g", "exclusiveGateway"), draw.add("t", "userTask"), draw.add("t", "userTask")
    end = draw.add("z", "endEvent", event=draw.rng.choice(kinds))
    draw.flow(split.id, before.id, draw.condition())
    draw.flow(split.id, after.id, default=True)
    draw.chain(before.id, end.id)
    return split.id, after.id


# scopes
def sub_process(draw: Drawing, depth: int) -> Ends:
    node = draw.add("s", "subProcess")
    caught = draw.rng.choice(["", "E1", "E2", None]) if draw.place.throws else None
    code = {"": ("E1", "E2"), None: ()}.get(caught, (str(caught),))
    place = Place(tuple(sorted({*draw.place.codes, *code})), draw.place.throws)
    inner = draw.inside(node.id, place)
    fill(inner, depth - 1)
    undone = draw.chance(0.35)
    if undone:
        undoing(inner)
    node.inner = inner.scope
    if draw.chance(0.25):
        node.loop = loop_of(draw, node)
    after = draw.add("t", "userTask")
    draw.flow(node.id, after.id)
    for event in (*([Event("error", caught)] if caught is not None else []), *([None] if draw.chance(0.5) else [])):
        if event is not None:
            back(draw, edge_of(draw, node, event, interrupting=True), node)
        else:
            boundary(draw, node)
    if draw.chance(0.4):
        edge_with_exit(draw, node, Event("escalation", draw.rng.choice(["", "U1", "U2"])))
    return then_undone(draw, (node.id, after.id), 0.7 if undone else 0.2)


def undone_scope(draw: Drawing, depth: int) -> Ends:
    """A sub-process that is soon done and soon undone, in its own way."""
    node = draw.add("s", "subProcess")
    inner = draw.inside(node.id, draw.place)
    ids = [inner.add("b", "startEvent").id]
    for _ in range(draw.rng.randint(1, 2)):
        kind = draw.rng.choice(["userTask", "userTask", "scriptTask"])
        ids.append(inner.add("t", "userTask", undo=Node(draw.name("u"), kind)).id)
    inner.chain(*ids)
    if draw.chance(0.3):
        inner.flow(ids[-1], block(inner, depth - 2)[0])
    undoing(inner)
    node.inner = inner.scope
    if draw.chance(0.25):
        node.loop = loop_of(draw, node)
    return then_undone(draw, (node.id, node.id), 0.9)


def fill(draw: Drawing, depth: int) -> None:
    """The content of a scope: with or without start and end event, now and then with event sub-processes."""
    kinds = on_event_kinds(draw)
    if "error" in kinds:
        draw.place = Place(("E1", "E2"), draw.place.throws)
    if draw.chance(0.12):
        multiple(draw)
        first = last = ""
    else:
        first, last = block(draw, depth)
    targets = {flow.target for flow in draw.scope.flows}
    if first and (first in targets or draw.chance(0.8)):
        draw.chain(draw.add("b", "startEvent").id, first)
    if last and draw.chance(0.8):
        end = draw.add("z", "endEvent")
        if draw.place.throws and draw.chance(0.15) and draw.scope.nodes[last].kind == "userTask":
            end.event = draw.rng.choice(
                [Event("escalation", "U1"), Event("signal", "alarm"), Event("terminate"), Event("compensate")]
            )
        draw.flow(last, end.id)
    for kind in kinds:
        on_event(draw, kind)


def multiple(draw: Drawing) -> None:
    """Two tokens that nobody joins: each goes its way."""
    start, split, merge = draw.add("b", "startEvent"), draw.add("g", "parallelGateway"), draw.add("t", "userTask")
    other = draw.add("t", "userTask")
    draw.chain(start.id, split.id, merge.id, draw.add("k", "scriptTask").id)
    draw.chain(split.id, other.id, merge.id)


def on_event_kinds(draw: Drawing) -> list[str]:
    kinds = ["message", "timer", "signal", "conditional", "escalation", "error"]
    if not draw.place.throws:
        return []
    return draw.rng.sample(kinds, draw.rng.choice([0, 0, 0, 1, 1, 2]))


def undoing(draw: Drawing) -> None:
    """An event sub-process that undoes the scope: somebody works, now and then undoes what is inside, and works on."""
    node = draw.add("w", "subProcess", by_event=True)
    inner = draw.inside(node.id, Place(throws=False))
    ids = [inner.add("b", "startEvent", event=Event("compensate")).id, inner.add("t", "userTask").id]
    if draw.chance(0.7):
        ids.append(inner.add("x", "intermediateThrowEvent", event=compensation(inner, draw.scope)).id)
    first, last = block(inner, draw.rng.randint(0, 1))
    inner.chain(*ids, first)
    inner.chain(last, inner.add("z", "endEvent", event=None).id)
    node.inner = inner.scope


def on_event(draw: Drawing, kind: str) -> None:
    node = draw.add("v", "subProcess", by_event=True)
    inner = draw.inside(node.id, Place(throws=False))
    start = inner.add("b", "startEvent")
    start.interrupting = kind == "error" or draw.chance(0.5)
    if kind in ("escalation", "error"):
        start.event = Event(kind, draw.rng.choice(["", "U1"]) if kind == "escalation" else "")
    elif kind == "conditional":
        start.event = Event(kind, value=int(start.id[1:]) + 1)
    else:
        start.event = Event(kind, "" if kind == "timer" else start.id)
    if kind == "timer" and not start.interrupting and draw.chance(0.5):
        start.event = Event("timer", "R2")
    first, last = block(inner, draw.rng.randint(0, 1))
    inner.chain(start.id, first)
    inner.chain(last, inner.add("z", "endEvent").id)
    node.inner = inner.scope


SIMPLE: tuple[Block, ...] = (task, task, task, script, nothing, service, receive, catch, repeated)
NESTED: tuple[Block, ...] = (
    sequence, sequence, parallel, implicit_split, conditional_flows, inclusive, choice, partial_join, loop,
    event_gateway, link, throw, way_out, sub_process, sub_process,
    undone_scope,
)  # fmt: skip


def block(draw: Drawing, depth: int) -> Ends:
    """A random block."""
    return tail(draw, draw.rng.choice(SIMPLE if depth <= 0 else NESTED)(draw, depth))


def draw(seed: int) -> Scope:
    """A random process."""
    rng = random.Random(seed)
    drawing = Drawing(rng, Scope("p"))
    fill(drawing, rng.randint(1, 4))
    return drawing.scope


def first_values(scope: Scope, rng: random.Random) -> dict[str, object]:
    """What a process is started with."""
    counters = {f"n_{node.id}": 0 for node in scope.walk() if node.kind == "scriptTask"}
    return {"x": rng.randint(0, 11), "y": 0, "items": list(range(rng.randint(0, 3))), **counters}
