"""What BPMN files say, as values, for those who compare, check or list it before it is deployed."""

from __future__ import annotations

from engine.spiff.reader import Reader
from engine.spiff.source import CallText, EventText, Flow, LoopText, MappingText, Node, Process, Scope, TimerText

__all__ = [
    "CallText",
    "EventText",
    "Flow",
    "LoopText",
    "MappingText",
    "Node",
    "Process",
    "Scope",
    "TimerText",
    "read",
]


def read(name: str, content: bytes) -> tuple[Process, ...]:
    """The processes drawn in a file, in the order of the file; none when it can't be read. What is wrong with it says
    :func:`engine.check_files`."""
    return tuple(Reader(name, content).processes)
