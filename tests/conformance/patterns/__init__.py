"""Every construct of BPMN 2.0 that a designer can draw: how it behaves here, or the finding that refuses it.

A pattern is a small process, the moves that walk it, and the path it takes. Moves: ``do`` a task, ``send`` a message
or signal, ``ring`` a timer, ``serve`` or ``fail`` a service, ``answer``, ``break`` or ``escalate`` a call, ``set``
variables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.spiff import compile_files
from tests.support.workflows import Play, document


@dataclass(frozen=True)
class Pattern:
    """One row. ``path``: the nodes that are completed, in order; ``open``: the tasks left open, none: it is done."""

    en: str
    zh: str
    body: str
    moves: tuple[str, ...] = ()
    path: str = ""
    open: str = ""
    variables: Mapping[str, Any] = field(default_factory=dict)
    message: str | None = None
    refused: tuple[str, ...] = ()
    warned: tuple[str, ...] = ()
    proved_by: str = ""
    """A test elsewhere, where one process alone does not show it: ``file::name``."""

    @property
    def result(self) -> str:
        """For the page."""
        if self.proved_by:
            return f"`{self.proved_by}`"
        if self.refused:
            return "refused: " + ", ".join(f"`{code}`" for code in self.refused)
        walked = f"`{self.path}`" + (f", then `{self.open}` open" if self.open else "")
        return walked + "".join(f", warned `{code}`" for code in self.warned)


NOISE = frozenset({"passes_through", "no_default"})
"""Advice that says nothing about the construct."""


def findings(body: str, severity: str) -> tuple[str, ...]:
    """Codes found in a process, without advice."""
    found = compile_files({"p.bpmn": document(body)}).findings
    return tuple(sorted({one.code for one in found if one.severity == severity and one.code not in NOISE}))


def walk(pattern: Pattern, mode: str) -> Play:
    """The process after all moves."""
    play = Play(pattern.body, pattern.variables, mode=mode, message=pattern.message)
    for text in pattern.moves:
        name, *rest = text.split()
        values = {key: int(value) for key, _, value in (part.partition("=") for part in rest if "=" in part)}
        named = [part for part in rest if "=" not in part]
        if name == "set":
            play._move("set_variables", values)
        elif name == "break":
            play.break_off(*named)
        else:
            getattr(play, name)(*named, **values)
    return play


def path_of(play: Play) -> str:
    """What was completed, in order."""
    return " ".join(line.removeprefix("completed ") for line in play.trace if line.startswith("completed "))


START, END = '<startEvent id="s"/>\n', '<endEvent id="e"/>\n'


def gateway(kind: str, *ids: str, more: str = "") -> str:
    """Gateways of one kind."""
    return "".join(f'<{kind}Gateway id="{name}" {more}/>' for name in ids) + "\n"


def script(name: str, text: str = "n = n + 1") -> str:
    """A script task."""
    return f'<scriptTask id="{name}"><script>{text}</script></scriptTask>\n'


def event(kind: str, name: str, definition: str = "", attributes: str = "") -> str:
    """An event."""
    return f'<{kind} id="{name}" {attributes}>{definition}</{kind}>\n'


def edge(name: str, host: str, definition: str, interrupting: bool = True) -> str:
    """A boundary event."""
    attributes = f'attachedToRef="{host}" cancelActivity="{str(interrupting).lower()}"'
    return event("boundaryEvent", name, definition, attributes)


def sub(name: str, inner: str, attributes: str = "", kind: str = "subProcess") -> str:
    """A sub-process."""
    return f'<{kind} id="{name}" {attributes}>\n{inner}\n</{kind}>\n'


def multiple(inner: str = "<loopCardinality>3</loopCardinality>", attributes: str = "") -> str:
    """The marker of a multi-instance activity."""
    return f"<multiInstanceLoopCharacteristics {attributes}>{inner}</multiInstanceLoopCharacteristics>"


DEFINITIONS: Mapping[str, str] = {
    "none": "",
    "message": '<messageEventDefinition messageRef="hello_"/>',
    "timer": "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>",
    "signal": '<signalEventDefinition signalRef="alarm_"/>',
    "conditional": "<conditionalEventDefinition><condition>x == 1</condition></conditionalEventDefinition>",
    "error": '<errorEventDefinition errorRef="bad_"/>',
    "escalation": '<escalationEventDefinition escalationRef="up_"/>',
    "compensation": "<compensateEventDefinition/>",
    "cancel": "<cancelEventDefinition/>",
    "link": '<linkEventDefinition name="L"/>',
    "terminate": "<terminateEventDefinition/>",
    "multiple": '<messageEventDefinition messageRef="hello_"/><signalEventDefinition signalRef="alarm_"/>',
}
CYCLE = "<timerEventDefinition><timeCycle>R2/PT1H</timeCycle></timerEventDefinition>"
