"""Random processes, walked at random: four ways of running one, and nobody can see a difference.

The same moves go to an instance that is never saved, one that is saved and restored after every step, one that is
restored into freshly parsed definitions every time, and to the reference interpreter, which shares no code with the
engine. After every step all four wait for the same, have passed and cancelled the same nodes and have the same values.

A run draws the same processes every time, so that a failure belongs to the change that is tested;
``KELIU_RANDOM_SEED=fresh`` draws new ones, ``KELIU_TEST_SCALE=10`` ten times as many. A failure prints the seed, and
``KELIU_RANDOM_SEED=<seed>`` runs that process alone.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.drawn import Scope, xml
from tests.support.random_process import draw, first_values
from tests.support.reference import Reference
from tests.support.workflows import MODES, Play

SCALE = int(os.environ.get("KELIU_TEST_SCALE", "1"))
SEED = os.environ.get("KELIU_RANDOM_SEED")
GROUPS, IN_A_GROUP, MAX_MOVES = 10, 50, 20

Move = tuple[str, str, int, dict[str, Any]]


def seeds(group: int) -> Iterator[int]:
    if SEED is not None and SEED != "fresh":
        yield from [int(SEED)] if group == 0 else []
        return
    drawn = random.SystemRandom() if SEED == "fresh" else random.Random(group)
    for _ in range(IN_A_GROUP * SCALE):
        yield drawn.randrange(10**9)


def possible(reference: Reference, scope: Scope) -> list[tuple[str, str, int]]:
    """What can be done now."""
    kinds = {node.id: node.kind for node in scope.walk()}
    found: list[tuple[str, str, int]] = []
    for node, number in Counter(name for name, _ in reference.tasks()).items():
        found += [("do", node, nth) for nth in range(number)] * 2
        if kinds[node] != "userTask":
            found += [(code, node, nth) for nth in range(number) for code in ("E1", "E9")]
        if kinds[node] == "callActivity":
            found += [("U1", node, nth) for nth in range(number)]
    for (kind, node), number in Counter(reference.events()).items():
        found += [(kind, node, nth) for nth in range(number)]
    conditional = sorted({n.event.value for n in scope.walk() if n.event and n.event.kind == "conditional"})
    return found + [("pulse", "", value) for value in conditional]


def chosen(reference: Reference, scope: Scope, rng: random.Random) -> Move | None:
    moves = possible(reference, scope)
    rng.shuffle(moves)
    for kind, node, nth in moves:
        if kind in ("E1", "E9") and not reference.catches(node, nth, kind):
            continue
        values: dict[str, Any] = {}
        if kind in ("do", "message", "signal"):
            values = {"x": rng.randint(0, 11), node: rng.randint(0, 99)}
        output = next((n.loop.output for n in scope.walk() if n.id == node and n.loop), "")
        if kind == "do" and output:
            values[f"{output}_one"] = rng.randint(0, 99)
        return kind, node, nth, values
    return None


def move_reference(reference: Reference, move: Move) -> None:
    kind, node, nth, values = move
    if kind == "do":
        reference.do(node, nth, values)
    elif kind in ("E1", "E9"):
        reference.fail(node, nth, kind)
    elif kind == "U1":
        reference.escalate(node, nth, kind)
    elif kind == "pulse":
        reference.pulse(nth)
        reference.pulse(0)
    else:
        reference.happen(node, nth, values)


def move_play(play: Play, move: Move, kinds: dict[str, str]) -> None:
    kind, node, nth, values = move
    if kind == "pulse":
        play._move("set_variables", {"y": nth})
        play._move("set_variables", {"y": 0})
    elif kind in ("message", "signal"):
        row = [row for row in play.waiting.subscriptions if row.node_id == node][nth]
        play._move("deliver", row.task_id, row.name, values)
    elif kind == "timer":
        timer = [row for row in play.waiting.timers if row.node_id == node][nth]
        play.now = max(play.now, timer.due_at)
        play._move("fire_timer", timer.task_id, timer.key)
    elif kinds[node] == "userTask":
        play.do(node, nth, **values)
    elif kinds[node] == "serviceTask":
        service = [row for row in play.waiting.services if row.node_id == node][nth]
        if kind == "do":
            play._move("finish_service", service.task_id, values)
        else:
            play._move("fail_service", service.task_id, kind, "no")
    elif kind == "do":
        call = [row for row in play.waiting.calls if row.node_id == node][nth]
        play._move("set_variables", values)
        play._move("finish_call", call.task_id, {})
    else:
        call = [row for row in play.waiting.calls if row.node_id == node][nth]
        play._move("escalate_call" if kind == "U1" else "fail_call", call.task_id, kind)


def sort(rows: Any) -> list[Any]:
    return sorted(rows, key=repr)


def look(play: Play, kinds: dict[str, str]) -> dict[str, Any]:
    waiting = play.waiting
    passed = Counter(line.removeprefix("completed ") for line in play.trace if line.startswith("completed "))
    cancelled = Counter(line.removeprefix("cancelled ") for line in play.trace if line.startswith("cancelled "))
    return {
        "tasks": sort((row.node_id, dict(row.local_variables)) for row in (*waiting.tasks, *waiting.services)),
        "calls": sort(row.node_id for row in waiting.calls),
        "events": sort(
            [("timer", row.node_id) for row in waiting.timers]
            + [(row.kind, row.node_id) for row in waiting.subscriptions]
        ),
        "done": play.done,
        "variables": play.variables,
        "passed": dict(passed),
        "cancelled": dict(cancelled),
    }


def look_reference(reference: Reference, kinds: dict[str, str]) -> dict[str, Any]:
    tasks = reference.tasks()
    return {
        "tasks": sort(row for row in tasks if kinds[row[0]] != "callActivity"),
        "calls": sort(name for name, _ in tasks if kinds[name] == "callActivity"),
        "events": sort(reference.events()),
        "done": reference.done,
        "variables": reference.variables,
        "passed": dict(reference.passed),
        "cancelled": dict(reference.cancelled),
    }


def details(play: Play) -> Any:
    """What the reference knows nothing of: moments, keys, the order of events."""
    timers = [(row.node_id, row.key, row.due_at) for row in play.waiting.timers]
    thrown = [(row.kind, row.name) for row in play.execution.thrown]
    return timers, play.trace, thrown


def walk(seed: int) -> int:
    """Walk one process; raises AssertionError with the moves at the first difference. Returns the number of moves."""
    rng = random.Random(seed)
    scope = draw(rng.randrange(10**9))
    kinds = {node.id: node.kind for node in scope.walk()}
    values, source = first_values(scope, rng), xml(scope)
    plays = [Play(source, values, mode=mode) for mode in MODES]
    reference = Reference(scope, values)
    moves: list[Move] = []
    while True:
        wanted = look_reference(reference, kinds)
        told = f"KELIU_RANDOM_SEED={seed} after {moves}"
        for play in plays:
            found = look(play, kinds)
            assert found == wanted, f"{told}: {play.mode} is not as the reference"
            assert details(play) == details(plays[0]), f"{told}: {play.mode} is not as the one in memory"
        for play in plays:
            play.execution.thrown.clear()
        move = chosen(reference, scope, rng) if len(moves) < MAX_MOVES else None
        if move is None:
            assert reference.done or moves, told
            return len(moves)
        moves.append(move)
        try:
            for play in plays:
                move_play(play, move, kinds)
        except Exception as problem:
            raise AssertionError(f"KELIU_RANDOM_SEED={seed} in {moves}: {problem}") from problem
        move_reference(reference, move)


@pytest.mark.timeout(300 * SCALE)
@pytest.mark.parametrize("group", range(GROUPS))
def test_nobody_sees_a_difference(group: int) -> None:
    for seed in seeds(group):
        walk(seed)
