"""Search variables of an instance: their rows follow its variables at every save, written only when a value changed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from engine.commands.unit import Unit
from engine.model import Finding
from engine.searching import kept
from engine.spiff import CompiledProcess, Execution
from engine.store import statements as sql

MOST = 20
"""So many variables a process may declare: each costs a row per instance."""
LONGEST_NAME = 100


def make_findable(unit: Unit, execution: Execution) -> None:
    """The rows say what the variables are now. What did not change is not written."""
    changed = execution.search_changes()
    if not changed:
        return
    gone, new = [], []
    for name, (before, now) in changed.items():
        was, found = kept(before), kept(now)
        if was == found:
            continue
        if was is not None:
            gone.append({"b_instance": unit.instance_id, "b_name": name})
        if found is not None:
            text, number = found
            new.append({"instance_id": unit.instance_id, "name": name, "text": text, "number": number})
    if gone:
        unit.write(sql.DELETE_VARIABLE, gone)
    if new:
        unit.write(sql.INSERT_VARIABLE, new)


def findings(process: CompiledProcess, files: Mapping[str, bytes]) -> Iterator[Finding]:
    """What is wrong with the variables a process declares: too many, unfit names, or one that a form of the process
    keeps from somebody. Whoever may search by a value knows it."""
    names = process.search_variables
    if len(names) > MOST:
        yield _finding(process, "search_variables_many", allowed=MOST)
    for name in names:
        if not name.isidentifier() or len(name) > LONGEST_NAME:
            yield _finding(process, "search_variable_name", name=name[:LONGEST_NAME])
    for name, form in _confidential(process, files):
        if name in names:
            yield _finding(process, "search_variable_confidential", name=name, form_key=form)


def _confidential(process: CompiledProcess, files: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Names of confidential fields, each with its form."""
    for key in process.form_keys:
        try:
            form = json.loads(files.get(f"{key}.json", b"{}"))
        except (ValueError, RecursionError):
            continue  # said where the file is checked
        fields: Any = form.get("fields") if isinstance(form, dict) else None
        for field in fields if isinstance(fields, list) else ():
            if isinstance(field, dict) and field.get("confidential"):
                yield str(field.get("name")), key


def _finding(process: CompiledProcess, code: str, **facts: object) -> Finding:
    return Finding("error", code, process.resource, process.key, None, facts)
