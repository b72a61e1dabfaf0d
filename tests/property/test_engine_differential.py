"""The same walk through the same process, never saved, saved after every step, and restored by another program.

Processes are random blocks: sequences, choices, parallel and inclusive branches, loops, sub-processes with boundary
events and event sub-processes, event gateways, repeated tasks. Any difference is a defect of saving and restoring.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.workflows import Play, user

MAX_MOVES = 40


@dataclass
class Drawing:
    """A process while it is drawn."""

    rng: random.Random
    numbers: Iterator[int] = field(default_factory=count)
    nodes: list[str] = field(default_factory=list)
    flows: list[str] = field(default_factory=list)

    def name(self, prefix: str) -> str:
        return f"{prefix}{next(self.numbers)}"

    def inner(self) -> Drawing:
        return Drawing(self.rng, self.numbers)

    def text(self) -> str:
        return "".join(self.nodes) + "\n" + "\n".join(self.flows) + "\n"


Block = Callable[[Drawing, int], tuple[str, str]]


def task(drawing: Drawing, _depth: int) -> tuple[str, str]:
    name = drawing.name("t")
    drawing.nodes.append(user(name))
    return name, name


def script(drawing: Drawing, _depth: int) -> tuple[str, str]:
    name = drawing.name("k")
    drawing.nodes.append(f'<scriptTask id="{name}"><script>x = x + 1\nlog = log + ["{name}"]</script></scriptTask>')
    return name, name


def repeated(drawing: Drawing, _depth: int) -> tuple[str, str]:
    name = drawing.name("m")
    flag = drawing.rng.choice(["true", "false"])
    loop = (
        '<multiInstanceLoopCharacteristics isSequential="{}" camunda:collection="items" camunda:elementVariable="i"/>'
    )
    drawing.nodes.append(user(name, inner=loop.format(flag)))
    return name, name


def sequence(drawing: Drawing, depth: int) -> tuple[str, str]:
    first, last = block(drawing, depth - 1)
    start, end = block(drawing, depth - 1)
    drawing.flows.append(f"{last} > {start}")
    return first, end


def gateways(drawing: Drawing, kind: str, default: str = "") -> tuple[str, str]:
    split, join = drawing.name("g"), drawing.name("j")
    attribute = f' default="{default}"' if default else ""
    drawing.nodes.append(f'<{kind}Gateway id="{split}"{attribute}/><{kind}Gateway id="{join}"/>')
    return split, join


def parallel(drawing: Drawing, depth: int) -> tuple[str, str]:
    split, join = gateways(drawing, "parallel")
    for _ in range(drawing.rng.randint(2, 3)):
        start, end = block(drawing, depth - 1)
        drawing.flows += [f"{split} > {start}", f"{end} > {join}"]
    return split, join


def inclusive(drawing: Drawing, depth: int) -> tuple[str, str]:
    split, join = gateways(drawing, "inclusive")
    for number in range(2):
        start, end = block(drawing, depth - 1)
        condition = "true" if number == 0 else "x % 2 == 0"
        drawing.flows += [f"{split} > {start} if {condition}", f"{end} > {join}"]
    return split, join


def choice(drawing: Drawing, depth: int) -> tuple[str, str]:
    split, join = gateways(drawing, "exclusive")
    for condition in ("x % 3 == 0", "x % 3 != 0"):
        start, end = block(drawing, depth - 1)
        drawing.flows += [f"{split} > {start} if {condition}", f"{end} > {join}"]
    return split, join


def loop(drawing: Drawing, depth: int) -> tuple[str, str]:
    merge, decide = gateways(drawing, "exclusive")
    out = drawing.name("t")
    drawing.nodes.append(user(out))
    again, _ = task(drawing, depth)
    start, end = block(drawing, depth - 1)
    drawing.flows += [f"{merge} > {start}", f"{end} > {again} > {decide}"]
    drawing.flows += [f"{decide} > {merge} if x % 4 == 1", f"{decide} > {out} if x % 4 != 1"]
    return merge, out


def sub_process(drawing: Drawing, depth: int) -> tuple[str, str]:
    name, start = drawing.name("s"), drawing.name("b")
    inside = drawing.inner()
    first, _ = block(inside, depth - 1)
    inside.nodes.append(f'<startEvent id="{start}"/>')
    inside.flows.append(f"{start} > {first}")
    if drawing.rng.random() < 0.5:
        inside.nodes.append(on_event(drawing))
    drawing.nodes.append(f'<subProcess id="{name}">{inside.text()}</subProcess>')
    after = drawing.name("t")
    drawing.nodes.append(user(after))
    drawing.flows.append(f"{name} > {after}")
    if drawing.rng.random() < 0.6:
        boundary_event(drawing, name, after)
    return name, after


def boundary_event(drawing: Drawing, host: str, after: str) -> None:
    """An interrupting one leads back to where the work goes on, as a join behind may wait for it."""
    edge, extra = drawing.name("e"), drawing.name("t")
    interrupting = drawing.rng.random() < 0.5
    timer = "<timerEventDefinition><timeDuration>PT2H</timeDuration></timerEventDefinition>"
    event = drawing.rng.choice([timer, '<messageEventDefinition messageRef="stop_"/>'])
    attributes = f'id="{edge}" attachedToRef="{host}" cancelActivity="{str(interrupting).lower()}"'
    drawing.nodes.append(f"<boundaryEvent {attributes}>{event}</boundaryEvent>{user(extra)}")
    drawing.flows.append(f"{edge} > {extra} > {after}" if interrupting else f"{edge} > {extra}")


def on_event(drawing: Drawing) -> str:
    name, start, work = drawing.name("v"), drawing.name("b"), drawing.name("t")
    flag = drawing.rng.choice(["true", "false"])
    event = (
        f'<startEvent id="{start}" isInterrupting="{flag}"><messageEventDefinition messageRef="hello_"/></startEvent>'
    )
    return f'<subProcess id="{name}" triggeredByEvent="true">{event}{user(work)}\n{start} > {work}\n</subProcess>'


def event_gateway(drawing: Drawing, depth: int) -> tuple[str, str]:
    split, join = drawing.name("g"), drawing.name("j")
    drawing.nodes.append(f'<eventBasedGateway id="{split}"/><exclusiveGateway id="{join}"/>')
    timer = "<timerEventDefinition><timeDuration>PT5H</timeDuration></timerEventDefinition>"
    for event in ('<messageEventDefinition messageRef="more_"/>', timer):
        caught = drawing.name("c")
        drawing.nodes.append(f'<intermediateCatchEvent id="{caught}">{event}</intermediateCatchEvent>')
        drawing.flows.append(f"{split} > {caught} > {join}")
    return split, join


SIMPLE: tuple[Block, ...] = (task, task, script, repeated)
NESTED: tuple[Block, ...] = (sequence, sequence, parallel, inclusive, choice, loop, sub_process, event_gateway)


def block(drawing: Drawing, depth: int) -> tuple[str, str]:
    """A random block; returns where a token enters and where it leaves."""
    kind = drawing.rng.choice(SIMPLE if depth <= 0 else NESTED)
    return kind(drawing, depth)


def draw(seed: int) -> str:
    """A random process."""
    drawing = Drawing(random.Random(seed))
    first, last = block(drawing, drawing.rng.randint(2, 4))
    drawing.nodes.append('<startEvent id="begin"/><endEvent id="end"/>')
    drawing.flows += [f"begin > {first}", f"{last} > end"]
    if drawing.rng.random() < 0.5:
        drawing.nodes.append(on_event(drawing))
    return drawing.text()


def moves(play: Play) -> list[tuple[str, str, int]]:
    """What can be done now, in an order that does not depend on identifiers."""
    waiting = play.waiting
    nodes = sorted({task.node_id for task in waiting.tasks})
    found = [("do", node, item) for node in nodes for item in range(play.tasks.count(node))]
    found += [("ring", node, 0) for node in sorted({row.node_id for row in waiting.timers})]
    found += [("send", name, 0) for name in sorted({row.name for row in waiting.subscriptions})]
    return found


def look(play: Play) -> dict[str, Any]:
    """Everything a user or a table could see."""
    waiting = play.waiting
    return {
        "tasks": sorted((task.node_id, sorted(task.local_variables.items())) for task in waiting.tasks),
        "timers": sorted((row.node_id, row.key, row.due_at) for row in waiting.timers),
        "subscriptions": sorted((row.node_id, row.name) for row in waiting.subscriptions),
        "variables": play.variables,
        "done": play.done,
        "trace": list(play.trace),
    }


def walk(body: str, seed: int, mode: str) -> list[dict[str, Any]]:
    """A random walk; the same for the same seed."""
    rng = random.Random(seed)
    values = {"x": rng.randint(0, 5), "log": [], "items": list(range(rng.randint(0, 3)))}
    play = Play(body, values, mode=mode)
    seen = [look(play)]
    for _ in range(MAX_MOVES):
        possible = moves(play)
        if not possible:
            break
        kind, node, item = rng.choice(possible)
        if kind == "do":
            play.do(node, item, x=rng.randint(0, 9), **{node: rng.randint(0, 99)})
        elif kind == "ring":
            play.ring(node)
        else:
            play.send(node, told=rng.randint(0, 9))
        seen.append(look(play))
    return seen


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_saving_and_restoring_changes_nothing(drawn: int, walked: int) -> None:
    body = draw(drawn)
    plain = walk(body, walked, "memory")
    assert walk(body, walked, "saved") == plain
    assert walk(body, walked, "cold") == plain


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**9), st.integers(0, 10**9))
def test_every_walk_goes_on_until_it_is_done(drawn: int, walked: int) -> None:
    last = walk(draw(drawn), walked, "saved")[-1]
    assert last["done"] or last["tasks"] or last["timers"] or last["subscriptions"]
