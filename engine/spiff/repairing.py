"""An execution in the hands of an operator: tokens moved, an instance taken to another version, started anywhere."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Self

import orjson

from engine.errors import ExecutionFailed, StateUnreadable
from engine.model import Instruction
from engine.spiff import migrating, variables
from engine.spiff.codec import CODEC
from engine.spiff.context import ExecutionContext
from engine.spiff.execution import Execution
from engine.spiff.listeners import listen
from engine.spiff.modifying import modify, refused
from engine.spiff.places import Places
from engine.spiff.programs import Program


class RepairExecution(Execution):
    """What only people with special rights do."""

    @classmethod
    def start_at(
        cls, program: Program, ctx: ExecutionContext, values: Mapping[str, Any], orders: Sequence[Instruction]
    ) -> Self:
        """A new instance that begins where the orders say. Raises PlanRefused, BadVariables."""
        execution = cls(program, ctx)
        variables.check(values)
        execution._workflow.variables.update(values)
        with execution._guarded(None):
            listen(execution._workflow)
        if not execution.modify(orders):
            raise refused("move_nothing_left", None)
        return execution

    @classmethod
    def migrate(
        cls,
        programs: tuple[Program, Program],
        ctx: ExecutionContext,
        blob: bytes,
        mapping: Mapping[str, str],
        updates: Collection[str],
    ) -> Self:
        """The instance of the first program, running on the second. ``updates``: source nodes whose timers are computed
        anew. Raises PlanRefused with a finding per token that has no place there."""
        source, target = programs
        old, new = Places(source), Places(target)
        state = migrating.translate(_read(blob), old, new, mapping)
        execution = cls.restore(target, ctx, bytes([CODEC]) + orjson.dumps(state))
        execution._searched = {}
        with execution._guarded(None):
            migrating.arrive(execution._workflow, new, mapping, {mapping[node] for node in updates if node in mapping})
            execution._move_on()
        return execution

    def modify(self, orders: Sequence[Instruction]) -> bool:
        """Move tokens as ordered, then run on to the next stable point.

        False: nothing is left, the instance is to be cancelled. Raises PlanRefused, BadVariables, ExecutionFailed.
        """
        with self._guarded(None):
            if not modify(self._workflow, Places(self._program), orders):
                return False
            self._move_on()
        return True

    def _move_on(self) -> None:
        self._workflow.do_engine_steps()
        self._workflow.settle()
        try:
            self._workflow.require_future()
        except ExecutionFailed as stuck:
            raise refused("move_stuck", stuck.facts.get("node_id")) from None


def _read(blob: bytes) -> migrating.State:
    if not blob or blob[0] != CODEC:
        raise StateUnreadable(codec=blob[0] if blob else None)
    state: migrating.State = orjson.loads(memoryview(blob)[1:])
    return state
