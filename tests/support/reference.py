"""A small interpreter of BPMN 2.0 that shares nothing with the engine: what must be true of a random process.

It plays tokens over the drawing itself. A :class:`Room` is a process or sub-process while it runs; a :class:`Token` is
whatever is alive in it: work that is open, an event that is waited for, a token held at a join, or the body of a
repetition. Boundary events and event sub-processes are no tokens here: they are what may happen to a token or room.
Clauses are those of OMG BPMN 2.0.2 (formal/2013-12-09).
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.support.drawn import WAITED_FOR, Event, Flow, Node, Scope

WORK = frozenset({"userTask", "serviceTask", "callActivity"})
ACTIVITIES = WORK | {"task", "manualTask", "scriptTask", "receiveTask", "subProcess"}
SHOWN = WORK | {"receiveTask", "intermediateCatchEvent", "eventBasedGateway"}
"""What somebody could see waiting, so that its cancellation is worth a line in the history."""


@dataclass(eq=False)
class Room:
    """A scope that runs. ``owner`` is the token of its sub-process."""

    number: int
    scope: Scope
    owner: Token | None
    tokens: list[Token] = field(default_factory=list)
    alive: bool = True
    listens: dict[str, int | None] = field(default_factory=dict)
    """Event sub-processes that may begin: how often yet (None: always), by the id of their start event."""
    holding: set[str] = field(default_factory=set)
    seen: dict[str, set[str]] = field(default_factory=dict)
    """Complex gateways that have gone on in this round, with the flows they have had a token of."""
    done: list[Done] = field(default_factory=list)


@dataclass(frozen=True, eq=False)
class Done:
    """Something that was completed and can be undone; ``inside``: what was completed in it."""

    node: Node
    local: dict[str, Any]
    inside: list[Done]


@dataclass(eq=False)
class Token:
    """Something alive in a room. ``item`` is the number of an item, whose repetition is ``body``."""

    number: int
    node: Node
    room: Room
    flow: str = ""
    body: Token | None = None
    item: int = 0
    local: dict[str, Any] = field(default_factory=dict)
    inner: Room | None = None
    total: int = 0
    done: int = 0
    results: dict[int, Any] = field(default_factory=dict)
    repeats: bool = False
    waits: bool = False
    """At a join: for others."""
    open: bool = False
    spent: Counter[str] = field(default_factory=Counter)
    """How often a boundary event has happened."""
    holding: set[str] = field(default_factory=set)
    """Conditional boundary events that have happened and must be false before they happen again."""
    undo: list[Done] = field(default_factory=list)
    runner: Token | None = None
    """Who asked for what undoes; such a token has no boundary events, and nothing follows it."""


class Reference:
    """One instance. Moves are named as those of ``Play``; ``nth`` counts who waits, in the order they began."""

    def __init__(self, scope: Scope, variables: dict[str, Any]) -> None:
        self.variables: dict[str, Any] = dict(variables)
        self.passed: Counter[str] = Counter()
        self.cancelled: Counter[str] = Counter()
        self._numbers = iter(range(10**9))
        self._todo: deque[tuple[Room, Node, str, Token | None]] = deque()
        self.top = self._open(scope, None)
        self._run()

    @property
    def done(self) -> bool:
        return not self.top.alive

    # --- moves
    def do(self, node: str, nth: int, values: dict[str, Any]) -> None:
        token = self._open_at(node)[nth]
        self._write(None if token.node.kind == "callActivity" else token, values)
        self._finish(token)
        self._run()

    def fail(self, node: str, nth: int, code: str) -> None:
        """A service or called process ends by an error somebody catches."""
        self._throw(self._open_at(node)[nth], Event("error", code))
        self._run()

    def escalate(self, node: str, nth: int, code: str) -> None:
        self._throw(self._open_at(node)[nth], Event("escalation", code))
        self._run()

    def happen(self, node: str, nth: int, values: dict[str, Any]) -> None:
        """The message, signal or moment that ``node`` waits for has come."""
        token, room, event = self._awaited(node)[nth]
        self.variables.update(values)
        self._happen(token, room, event)
        self._run()

    def pulse(self, value: int) -> None:
        """``y`` gets a value that conditional events wait for."""
        self.variables["y"] = value
        self._run()

    def catches(self, node: str, nth: int, code: str) -> bool:
        """Whether somebody catches that error."""
        return self._handler(self._open_at(node)[nth], Event("error", code)) is not None

    # --- what is waited for
    def rooms(self) -> list[Room]:
        """Everything that runs, the oldest first."""

        def inside(room: Room) -> Iterator[Room]:
            yield room
            for token in room.tokens:
                if token.inner is not None:
                    yield from inside(token.inner)

        return sorted(inside(self.top), key=lambda room: room.number) if self.top.alive else []

    def tasks(self) -> list[tuple[str, dict[str, Any]]]:
        """Open work with its local variables."""
        return [
            (token.node.id, self._local(token))
            for room in self.rooms()
            for token in room.tokens
            if token.open and token.node.kind in WORK
        ]

    def events(self) -> list[tuple[str, str]]:
        """Kind and node of every message, signal and timer that is waited for."""
        return [
            (node.event.kind, node.id)
            for room in self.rooms()
            for _, node in self._listening(room)
            if node.event is not None and node.event.kind != "conditional"
        ]

    def _listening(self, room: Room) -> Iterator[tuple[Token | None, Node]]:
        for token in room.tokens:
            if token.open and token.node.kind in ("receiveTask", "intermediateCatchEvent"):
                yield token, token.node
            elif token.open and token.node.kind == "eventBasedGateway":
                for flow in room.scope.out(token.node):
                    yield token, room.scope.nodes[flow.target]
            if token.body is None and token.runner is None and (token.open or token.repeats or token.inner is not None):
                for edge in token.node.boundaries:
                    if edge.event is not None and edge.event.kind in WAITED_FOR and self._left(edge, token.spent):
                        yield token, edge
        for node in room.scope.nodes.values():
            start = _start_of(node) if node.by_event else None
            if start is not None and room.listens.get(start.id, 0) != 0:
                yield None, start

    def _left(self, edge: Node, spent: Counter[str]) -> bool:
        times = _times(edge)
        return times is None or spent[edge.id] < times

    def _awaited(self, node_id: str) -> list[tuple[Token | None, Room, Node]]:
        return [
            (token, room, node) for room in self.rooms() for token, node in self._listening(room) if node.id == node_id
        ]

    def _conditionals(self) -> Iterator[tuple[Room, Token | None, Node]]:
        for room in self.rooms():
            for token, node in list(self._listening(room)):
                if node.event is not None and node.event.kind == "conditional":
                    yield room, token, node

    def _open_at(self, node_id: str) -> list[Token]:
        return [t for room in self.rooms() for t in room.tokens if t.open and t.node.id == node_id]

    def _write(self, token: Token | None, values: dict[str, Any]) -> None:
        """10.4.2: what is declared around the work is set there, anything else in the instance."""
        around = []
        while token is not None:
            around.append(token.local)
            token = token.room.owner
        for name, value in values.items():
            next((local for local in around if name in local), self.variables)[name] = value

    def _local(self, token: Token) -> dict[str, Any]:
        around = token.room.owner
        outer = {} if around is None else self._local(around)
        return outer | (token.body.local if token.body else {}) | token.local

    # --- running
    def _run(self) -> None:
        """Until nothing moves. Joins that wait for what may come decide last; empty rooms close before them."""
        while True:
            while self._todo:
                room, node, flow, item = self._todo.popleft()
                if room.alive and (item is None or item in room.tokens):
                    self._arrive(room, node, flow, item)
            if not (self._look() or self._close() or self._late_joins()):
                return

    def _look(self) -> bool:
        """10.5.1: a conditional event happens when its condition holds; again only after it did not hold."""
        happened = False
        for room, token, event in list(self._conditionals()):
            holding = room.holding if token is None else token.holding
            if event.event is None or event.event.value != self.variables["y"]:
                holding.discard(event.id)
            elif event.id not in holding and room.alive and (token is None or token in room.tokens):
                holding.add(event.id)
                self._happen(token, room, event)
                happened = True
        return happened

    def _open(self, scope: Scope, owner: Token | None) -> Room:
        """13.4.1, 13.3.4: it begins at its start event; without one at every node that nothing leads to (10.2.5)."""
        room = Room(next(self._numbers), scope, owner)
        starts = [node for node in scope.nodes.values() if node.kind == "startEvent"]
        for node in starts or [node for node in scope.nodes.values() if _begins(scope, node)]:
            self._todo.append((room, node, "", None))
        for node in scope.nodes.values():
            start = _start_of(node) if node.by_event else None
            if start is not None and start.event is not None and start.event.kind in WAITED_FOR:
                room.listens[start.id] = _times(start)
        return room

    def _close(self) -> bool:
        """13.3.4: a sub-process is done when no token is left in it; then its activity is."""
        for room in self.rooms():
            if not room.tokens:
                room.alive = False
                if room.owner is not None:
                    room.owner.inner = None
                    self._finish(room.owner, room.done)
                return True
        return False

    def _token(self, room: Room, node: Node, **more: Any) -> Token:
        token = Token(next(self._numbers), node, room, **more)
        room.tokens.append(token)
        return token

    def _arrive(self, room: Room, node: Node, flow: str, item: Token | None) -> None:
        if item is None and node.kind in ("parallelGateway", "inclusiveGateway", "complexGateway"):
            self._arrive_at_join(room, node, flow)
        elif item is None and node.loop is not None:
            self._repeat(self._token(room, node))
        elif node.kind == "subProcess":
            token = item or self._token(room, node)
            assert node.inner is not None
            token.inner = self._open(node.inner, token)
        elif node.kind in SHOWN and not _is_link(node):
            (item or self._token(room, node)).open = True
        else:
            self._pass(room, node, item)

    def _pass(self, room: Room, node: Node, item: Token | None) -> None:
        """What nobody has to wait for."""
        token = item or self._token(room, node)
        if node.kind == "scriptTask":
            self.variables[f"n_{node.id}"] += 1
        if node.kind == "endEvent" and node.event is not None and node.event.kind == "terminate":
            # 13.5.6: it ends all that runs in its scope, and nothing else
            for other in [other for other in room.tokens if other is not token]:
                self._cancel(other)
        if node.event is not None and node.event.kind == "compensate" and node.kind != "startEvent":
            self._compensate(token, node.event.name)
        elif node.event is not None and node.kind in ("intermediateThrowEvent", "endEvent"):
            self.passed[node.id] += 1
            self._throw(token, node.event)
            self._leave(token)
        else:
            self._finish(token)

    def _finish(self, token: Token, inside: list[Done] | None = None) -> None:
        """An activity or event is done (13.3.2)."""
        self.passed[token.node.id] += 1
        if token.runner is not None:
            if token in token.room.tokens:
                token.room.tokens.remove(token)
                self._undo_next(token.runner)
            return
        if token in token.room.tokens and (token.node.undo or inside or _undoing(token.node)):
            token.room.done.append(Done(token.node, dict(token.local), inside or []))
        if token.body is not None:
            self._item_done(token)
        else:
            self._leave(token)

    def _leave(self, token: Token, flows: list[Flow] | None = None) -> None:
        """A token goes along the flows that are to be taken; unless its room has gone meanwhile."""
        room, node = token.room, token.node
        if token not in room.tokens:
            return
        room.tokens.remove(token)
        for flow in self._taken(room, node) if flows is None else flows:
            self._todo.append((room, room.scope.nodes[flow.target], flow.id, None))
        if _is_link(node) and node.kind == "intermediateThrowEvent":
            other = next(n for n in room.scope.nodes.values() if n.event == node.event and n is not node)
            self._todo.append((room, other, "", None))  # 10.5.5: a link is a sequence flow that is not drawn

    def _taken(self, room: Room, node: Node) -> list[Flow]:
        """13.4: exclusive: the first that holds (13.4.2); otherwise all that hold (13.4.3, 13.3.1), or the default."""
        flows = room.scope.out(node)
        holding = [f for f in flows if not f.default and (f.condition is None or f.condition.holds(self.variables))]
        if node.kind == "exclusiveGateway":
            holding = holding[:1]
        return holding or [flow for flow in flows if flow.default]

    # --- joins
    def _arrive_at_join(self, room: Room, node: Node, flow: str) -> None:
        coming = room.scope.into(node)
        if len(coming) < 2:
            self._finish(self._token(room, node))
            return
        seen = room.seen.get(node.id)
        if seen is not None and flow not in seen:
            seen.add(flow)  # 13.4.5: it came late, for a round that has gone on already
            if seen >= {entering.id for entering in coming}:
                del room.seen[node.id]
                self._complex(room, node)
            return
        self._token(room, node, flow=flow, waits=True)
        if node.kind == "parallelGateway":  # 13.4.1: one token on every flow
            if {entering.id for entering in coming} <= self._held(room, node).keys():
                self._join(room, node)
        elif node.kind == "complexGateway":
            self._complex(room, node)

    def _held(self, room: Room, node: Node) -> dict[str, Token]:
        held: dict[str, Token] = {}
        for token in room.tokens:
            if token.waits and token.node is node:
                held.setdefault(token.flow, token)
        return held

    def _join(self, room: Room, node: Node) -> None:
        """One token of each flow that has any becomes one token that goes on."""
        for token in self._held(room, node).values():
            room.tokens.remove(token)
        self._finish(self._token(room, node))

    def _complex(self, room: Room, node: Node) -> bool:
        """13.4.5: it goes on when enough have come; the missing of this round are waited for and end here."""
        held = self._held(room, node)
        if node.id in room.seen or not held or len(held) < node.needed:
            return False
        if {flow.id for flow in room.scope.into(node)} - held.keys():
            room.seen[node.id] = set(held)
        self._join(room, node)
        return True

    def _late_joins(self) -> bool:
        for room in self.rooms():
            for node in room.scope.nodes.values():
                if node.kind == "inclusiveGateway" and self._inclusive(room, node):
                    return True
                if node.kind == "complexGateway" and node.id in room.seen:
                    missing = {flow.id for flow in room.scope.into(node)} - room.seen[node.id]
                    if not any(self._ways(room, token.node, node) & missing for token in self._others(room, node)):
                        del room.seen[node.id]
                        if self._complex(room, node):
                            return True
        return False

    def _inclusive(self, room: Room, node: Node) -> bool:
        """13.4.3: it goes on when it has a token, and no other token can come along a flow that has none without
        passing it, except one that could as well come along a flow that has one."""
        here = set(self._held(room, node))
        if not here:
            return False
        missing = {flow.id for flow in room.scope.into(node)} - here
        for token in self._others(room, node):
            ways = self._ways(room, token.node, node)
            if ways & missing and not ways & here:
                return False
        self._join(room, node)
        return True

    def _others(self, room: Room, node: Node) -> list[Token]:
        return [token for token in room.tokens if token.node is not node]

    def _ways(self, room: Room, start: Node, goal: Node) -> set[str]:
        """The flows into ``goal`` that a token at ``start`` may come along, not passing ``goal``."""
        found: set[str] = set()
        seen = {goal.id}
        todo = [start]
        while todo:
            node = todo.pop()
            if node.id in seen:
                continue
            seen.add(node.id)
            for flow in room.scope.out(node):
                if flow.target == goal.id:
                    found.add(flow.id)
                todo.append(room.scope.nodes[flow.target])
            todo.extend(node.boundaries)
            if _is_link(node):
                todo.extend(n for n in room.scope.nodes.values() if n.event == node.event)
        return found

    # --- repetition
    def _repeat(self, body: Token) -> None:
        """13.3.6 (loop), 13.3.7 (multi-instance): all items at once, or one after the other."""
        loop = body.node.loop
        assert loop is not None
        body.repeats = True
        if loop.standard:
            again = loop.again is None or loop.again.holds(self.variables)
            body.total = loop.count
            if loop.test_before and not again:
                self._leave(body)
            else:
                self._item(body, 0)
            return
        items = list(self.variables["items"]) if loop.items else [None] * loop.count
        body.total = len(items)
        if not items:
            self._end_repetition(body)
        for number in range(min(len(items), 1) if loop.sequential else len(items)):
            self._item(body, number)

    def _item(self, body: Token, number: int) -> None:
        loop = body.node.loop
        assert loop is not None
        local: dict[str, Any] = {"loopCounter": number}
        if loop.items:
            local["i"] = self.variables["items"][number]
        if loop.output:
            local[f"{loop.output}_one"] = None
        token = self._token(body.room, body.node, body=body, item=number, local=local)
        self._todo.append((body.room, body.node, "", token))

    def _item_done(self, token: Token) -> None:
        body, room = token.body, token.room
        assert body is not None and body.node.loop is not None
        loop = body.node.loop
        if token not in room.tokens:
            return
        room.tokens.remove(token)
        body.done += 1
        if loop.output:
            body.results[token.item] = token.local[f"{loop.output}_one"]
        enough = loop.enough and body.done >= loop.enough
        if loop.standard:
            if body.done < body.total and (loop.again is None or loop.again.holds(self.variables)):
                self._item(body, body.done)
                return
        elif body.done < body.total and not enough:
            if loop.sequential:
                self._item(body, body.done)
            return
        for other in [other for other in room.tokens if other.body is body]:
            self._cancel(other)
        self._end_repetition(body)

    def _end_repetition(self, body: Token) -> None:
        assert body.node.loop is not None
        if body.node.loop.output:
            self.variables[body.node.loop.output] = [body.results[number] for number in sorted(body.results)]
        self._leave(body)

    # --- events
    def _happen(self, token: Token | None, room: Room, event: Node) -> None:
        """Something that is waited for: at an event, behind an event gateway, on a boundary, for an event scope."""
        if token is None:
            self._begin_event_scope(room, event)
        elif event.kind == "boundaryEvent":
            token.spent[event.id] += 1
            self._take_boundary(token, event)
        elif token.node.kind == "eventBasedGateway":  # 13.4.4: the first decides
            self.passed[token.node.id] += 1
            self.passed[event.id] += 1
            room.tokens.remove(token)
            self._leave(self._token(room, event))
        else:
            token.open = False
            self._finish(token)

    def _take_boundary(self, token: Token, edge: Node) -> None:
        """13.5.3: an interrupting boundary event ends its activity; the other kind goes on beside it."""
        room = token.room
        if edge.interrupting:
            self._cancel(token)
        self.passed[edge.id] += 1
        self._leave(self._token(room, edge))

    def _begin_event_scope(self, room: Room, start: Node) -> None:
        """13.5.4: an interrupting event sub-process ends everything else in its scope, the other kind runs beside."""
        holder = next(node for node in room.scope.nodes.values() if node.by_event and _start_of(node) is start)
        if start.interrupting:
            for token in list(room.tokens):
                self._cancel(token)
            room.listens.clear()
            room.seen.clear()
        elif room.listens.get(start.id) is not None:
            room.listens[start.id] = int(room.listens[start.id] or 0) - 1
        token = self._token(room, holder)
        assert holder.inner is not None
        token.inner = self._open(holder.inner, token)

    # --- compensation
    def _compensate(self, token: Token, reference: str) -> None:
        """10.7: what was completed in the scope (for an event sub-process: in the one around it) is undone, the last
        first, and the event waits for that."""
        room = self._undone_in(token)
        token.undo = [done for done in room.done if reference in ("", done.node.id)]
        room.done = [done for done in room.done if done not in token.undo]
        self._undo_next(token)

    def _undone_in(self, token: Token) -> Room:
        if token.inner is not None:
            return token.inner
        owner = token.room.owner
        return owner.room if owner is not None and owner.node.by_event else token.room

    def _undo_next(self, token: Token) -> None:
        """By its handler; else by the event sub-process in it (10.7.1), which finds what was completed inside; else by
        undoing that."""
        if token not in token.room.tokens:
            return
        if not token.undo:
            if token.inner is None:  # the room of a sub-process that is undone closes by itself
                self._finish(token)
            return
        done, room = token.undo.pop(), self._undone_in(token)
        if done.node.undo is not None:
            self._todo.append(
                (room, done.node.undo, "", self._token(room, done.node.undo, runner=token, local=done.local))
            )
            return
        again = self._token(room, done.node, runner=token, local=done.local)
        assert done.node.inner is not None
        again.inner = Room(next(self._numbers), done.node.inner, again, done=list(done.inside))
        handler = _undoing(done.node)
        if handler is not None:
            self._todo.append((again.inner, handler, "", None))
        else:
            again.undo, again.inner.done = again.inner.done, []
            self._undo_next(again)

    def _throw(self, origin: Token, event: Event) -> None:
        if event.kind == "signal":  # 10.5.1: everybody who waits for it now
            waiting = [
                (token, room, node)
                for room in self.rooms()
                for token, node in self._listening(room)
                if node.event == event
            ]
            for token, room, node in waiting:
                if room.alive and (token is None or token in room.tokens):
                    self._happen(token, room, node)
        elif event.kind in ("error", "escalation"):
            handler = self._handler(origin, event)
            if handler is not None:
                token, room, node = handler
                if token is None:
                    self._begin_event_scope(room, node)
                else:
                    self._take_boundary(token, node)

    def _handler(self, origin: Token, event: Event) -> tuple[Token | None, Room, Node] | None:
        """10.5.7: the innermost who catches that code, else any code: on the boundary of the activity, or an event
        sub-process of its scope. What a handler throws goes to the scopes around the one it handles."""
        token: Token | None = origin
        while token is not None:
            room = token.room
            found = _match(token.node.boundaries, event) if token.runner is None else None
            if found is not None:
                return token.body or token, room, found
            if not token.node.by_event:
                starts = [_start_of(node) for node in room.scope.nodes.values() if node.by_event]
                found = _match([start for start in starts if start is not None], event)
                if found is not None:
                    return None, room, found
            token = room.owner
        return None

    def _cancel(self, token: Token) -> None:
        room = token.room
        if token not in room.tokens:
            return
        room.tokens.remove(token)
        for item in [other for other in room.tokens if other.body is token]:
            self._cancel(item)
        if token.inner is not None:
            token.inner.alive = False
            for inner in list(token.inner.tokens):
                self._cancel(inner)
            self.cancelled[token.node.id] += 1
        elif token.open:
            self.cancelled[token.node.id] += 1


def _match(candidates: list[Node], event: Event) -> Node | None:
    same = [node for node in candidates if node.event is not None and node.event.kind == event.kind]
    exact = [node for node in same if node.event is not None and node.event.name == event.name]
    any_code = [node for node in same if node.event is not None and not node.event.name]
    return next(iter([*exact, *any_code]), None)


def _start_of(node: Node) -> Node | None:
    inner = node.inner.nodes.values() if node.inner else ()
    return next((start for start in inner if start.kind == "startEvent"), None)


def _undoing(node: Node) -> Node | None:
    """The event sub-process in it that undoes it."""
    for inner in node.inner.nodes.values() if node.inner else ():
        start = _start_of(inner) if inner.by_event else None
        if start is not None and start.event is not None and start.event.kind == "compensate":
            return inner
    return None


def _begins(scope: Scope, node: Node) -> bool:
    caught_link = node.kind == "intermediateCatchEvent" and _is_link(node)
    return not scope.into(node) and not node.by_event and not caught_link


def _is_link(node: Node) -> bool:
    return node.event is not None and node.event.kind == "link"


def _times(node: Node) -> int | None:
    """How often an event may happen: a moment once, a cycle as often as it says, the others always."""
    if node.event is None or node.event.kind != "timer":
        return None
    return int(node.event.name[1:]) if node.event.name else 1
