"""What is different between two sets of files of a process, by meaning and not by text.

:func:`compare` looks at the processes, their English names, forms and decision tables; :mod:`app.designer.diff.words`
says it in the reader's language.
"""

from __future__ import annotations

from collections.abc import Mapping

from app.designer.diff import decisions, drawings, forms
from app.designer.diff.model import AREAS, Change, Marks, Names
from engine import drawing

__all__ = ["AREAS", "Change", "Marks", "Names", "compare", "marks"]


def compare(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> tuple[Change, ...]:
    """Every difference that means something, in the order of the areas."""
    found = [
        *drawings.compare(processes(old), processes(new), (_english(old), _english(new))),
        *drawings.compare_names(old, new),
        *forms.compare(old, new),
        *decisions.compare(old, new),
    ]
    return tuple(sorted(found, key=lambda change: AREAS.index(change.area)))


def marks(old: Mapping[str, bytes], new: Mapping[str, bytes], changes: tuple[Change, ...]) -> Marks:
    """Which elements of the two diagrams to mark."""
    return drawings.marks(old, new, changes)


def processes(files: Mapping[str, bytes]) -> dict[str, drawing.Process]:
    """The processes drawn in the files, by key."""
    return {
        process.key: process
        for name in sorted(files)
        if name.endswith(".bpmn")
        for process in drawing.read(name, files[name])
    }


def _english(files: Mapping[str, bytes]) -> dict[str, str]:
    translations = (files[name] for name in sorted(files) if name.endswith(".en.json") and "/" not in name)
    return {key: text for content in translations for key, text in drawings.translated(content).items()}
