"""Prepared processes. A definition row never changes, so it is prepared once per operating system process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec

from engine import decisions
from engine.errors import DeploymentRefused
from engine.spiff.builder import ScopeSpec, build
from engine.spiff.reader import Reader

CAPACITY = 256


@dataclass(frozen=True, slots=True)
class Program:
    """A process ready to run. Shared by all its instances and never changed by them."""

    key: str
    definition_id: str
    spec: ScopeSpec
    scopes: dict[str, BpmnProcessSpec]
    search_variables: tuple[str, ...] = ()
    version_tag: str | None = None


def load_program(
    key: str,
    definition_id: str,
    bpmn: bytes,
    parts: Mapping[tuple[str, str], bytes],
    search_variables: tuple[str, ...] = (),
) -> Program:
    """Prepare a deployed process. ``parts`` are the files deployed with it, by kind and name; ``search_variables``
    those by which its instances can be found.

    Raises DeploymentRefused when the files could not have been deployed by this version.
    """
    reader = Reader(f"{key}.bpmn", bpmn, drawings=True)  # it was deployed, so it was meant to run
    process = next((found for found in reader.processes if found.key == key), None)
    tables: dict[str, decisions.Decision] = {}
    for (kind, name), content in parts.items():
        if kind == "dmn":
            tables |= {decision.id: decision for decision in decisions.parse(name, content).decisions}
    if process is None:
        raise DeploymentRefused(tuple(reader.findings))
    spec, scopes = build(process, tables)
    return Program(key, definition_id, spec, scopes, search_variables, process.version_tag)


class Programs:
    """The least recently used are forgotten, and prepared again when needed."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[str, Program] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, definition_id: str, load: Callable[[], Program]) -> Program:
        """The program of a definition, prepared by ``load`` if it is not kept."""
        with self._lock:
            program = self._kept.get(definition_id)
            if program is not None:
                self._kept.move_to_end(definition_id)
                return program
        program = load()
        with self._lock:
            self._kept[definition_id] = program
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)
        return program

    def clear(self) -> None:
        """Forget everything (a test with a database of its own)."""
        with self._lock:
            self._kept.clear()


programs = Programs()
