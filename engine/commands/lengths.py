"""What a deployment must fit into: names longer than their columns are refused at once, not by the database later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from engine.model import Finding
from engine.spiff import CompiledProcess

IDENTIFIER = 100
"""Ids of processes and nodes, and names of groups."""
TEXT = 200
"""Names for people, form keys, topics, messages, decisions and files."""


def of_files(files: Mapping[str, bytes]) -> Iterator[Finding]:
    """File names that are too long."""
    for name in sorted(files):
        if len(name) > TEXT:
            yield _finding(name[:TEXT], None, "file", TEXT)


def of_process(process: CompiledProcess) -> Iterator[Finding]:
    """What a process says too long."""
    yield from _long(process, None, "id", [process.key], IDENTIFIER)
    yield from _long(process, None, "name", [process.name], TEXT)
    yield from _long(process, None, "versionTag", [process.version_tag or ""], IDENTIFIER)
    yield from _long(process, None, "message", process.start_messages, TEXT)
    for node_id, node in process.nodes.items():
        yield from _long(process, node_id, "id", [node_id], IDENTIFIER)
        groups = [name for name in node.candidate_groups if not name.startswith(("=", "${", "#{"))]
        yield from _long(process, node_id, "candidateGroups", groups, IDENTIFIER)
        yield from _long(process, node_id, "name", [node.name], TEXT)
        for what, text in (("formKey", node.form_key), ("topic", node.topic), ("decisionRef", node.decision)):
            yield from _long(process, node_id, what, [text or ""], TEXT)


def _long(
    process: CompiledProcess, element: str | None, what: str, texts: list[str] | tuple[str, ...], most: int
) -> Iterator[Finding]:
    if any(len(text) > most for text in texts):
        yield _finding(process.resource, (element or process.key)[:IDENTIFIER], what, most)


def _finding(file: str, element: str | None, what: str, most: int) -> Finding:
    return Finding("error", "too_long", file, element, None, {"what": what, "allowed": most})
