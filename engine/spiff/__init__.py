"""Execution of BPMN by SpiffWorkflow. No database here; only this package imports SpiffWorkflow."""

from __future__ import annotations

import logging

from engine.spiff import selfcheck
from engine.spiff.compiler import Compiled, CompiledProcess, NodeInfo, compile_files
from engine.spiff.context import ExecutionContext
from engine.spiff.execution import CODEC, Execution
from engine.spiff.migrating import check, generate
from engine.spiff.places import Places
from engine.spiff.programs import Program, Programs, load_program, programs
from engine.spiff.repairing import RepairExecution
from engine.spiff.starting import first_starts, next_start

__all__ = [
    "CODEC",
    "Compiled",
    "CompiledProcess",
    "Execution",
    "ExecutionContext",
    "NodeInfo",
    "Places",
    "Program",
    "Programs",
    "RepairExecution",
    "check",
    "compile_files",
    "first_starts",
    "generate",
    "load_program",
    "next_start",
    "programs",
]

# Below WARNING SpiffWorkflow collects all data of the workflow for every change of state.
for name in ("spiff", "spiff.task", "spiff.workflow"):
    logging.getLogger(name).setLevel(logging.WARNING)

selfcheck.check()
