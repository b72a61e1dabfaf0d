"""Random processes in the hands of operators.

An instance that is migrated to a freshly parsed copy of its version before every step behaves as the reference says, as
if nobody had touched it. A task that is cancelled and started again by hand leaves an instance that can go on.

``KELIU_TEST_SCALE=10`` runs ten times as many; a failure prints the seed, and ``KELIU_RANDOM_SEED=<seed>`` runs that
process alone.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

from engine.errors import ExecutionFailed, PlanRefused
from engine.model import Instruction
from engine.spiff import Execution, Places, RepairExecution, check, generate
from tests.property.test_engine_random import MAX_MOVES, Move, chosen, look, look_reference, move_play, move_reference
from tests.support.drawn import Scope, xml
from tests.support.random_process import draw, first_values
from tests.support.reference import Reference
from tests.support.workflows import Play

SCALE = int(os.environ.get("KELIU_TEST_SCALE", "1"))
SEED = os.environ.get("KELIU_RANDOM_SEED")
PROCESSES = 60


class Migrated(Play):
    """Goes to another copy of its version before every step."""

    def resume(self) -> Execution:
        other = self._program()
        old, new = Places(self.program), Places(other)
        mapping = generate(old, new)
        assert check(old, new, mapping) == ()
        blob = self.execution.dump()
        programs, self.program = (self.program, other), other
        self.execution = RepairExecution.migrate(programs, self._context(), blob, mapping, ())
        assert self.execution.dump() == blob, "the same version is the same state"
        return self.execution


def seeds() -> Iterator[int]:
    if SEED is not None and SEED != "fresh":
        yield int(SEED)
        return
    drawn = random.SystemRandom() if SEED == "fresh" else random.Random(PROCESSES)
    for _ in range(PROCESSES * SCALE):
        yield drawn.randrange(10**9)


def drawn(seed: int) -> tuple[random.Random, Scope, Play, Reference]:
    rng = random.Random(seed)
    scope = draw(rng.randrange(10**9))
    values = first_values(scope, rng)
    return rng, scope, Migrated(xml(scope), values), Reference(scope, values)


def walk(seed: int) -> tuple[random.Random, Play]:
    """A random walk of random length, compared with the reference after every step."""
    rng, scope, play, reference = drawn(seed)
    kinds = {node.id: node.kind for node in scope.walk()}
    moves: list[Move] = []
    for _ in range(rng.randint(0, MAX_MOVES)):
        wanted = look_reference(reference, kinds)
        assert look(play, kinds) == wanted, f"KELIU_RANDOM_SEED={seed} after {moves}"
        move = chosen(reference, scope, rng)
        if move is None:
            break
        moves.append(move)
        try:
            move_play(play, move, kinds)
        except Exception as problem:
            raise AssertionError(f"KELIU_RANDOM_SEED={seed} in {moves}: {problem}") from problem
        move_reference(reference, move)
    return rng, play


def test_nobody_sees_that_an_instance_was_migrated() -> None:
    for seed in seeds():
        walk(seed)


def test_work_that_is_started_again_by_hand_goes_on() -> None:
    """Either it is refused with a finding, or the instance stands where it stood and can be dumped and completed."""
    for seed in seeds():
        rng, play = walk(seed)
        tasks = list(play.waiting.tasks)
        if not tasks:
            continue
        task = rng.choice(tasks)
        before, blob = play.tasks, play.execution.dump()
        orders = (
            Instruction(kind="start_before", node_id=task.node_id, ancestor_id=task.task_id),
            Instruction(kind="cancel", task_id=task.task_id),
        )
        execution = RepairExecution.restore(play.program, play._context(), blob)
        try:
            assert execution.modify(orders), f"KELIU_RANDOM_SEED={seed}: nothing is left"
        except PlanRefused as refused:
            assert {one.code for one in refused.findings} <= {"move_sequential", "move_compensates"}, seed
            continue
        except ExecutionFailed as failed:
            raise AssertionError(f"KELIU_RANDOM_SEED={seed}: {failed}") from failed
        play.execution = execution
        assert set(before) <= set(play.tasks), f"KELIU_RANDOM_SEED={seed}: {task.node_id}"
        play.do(task.node_id, x=rng.randint(0, 11))
