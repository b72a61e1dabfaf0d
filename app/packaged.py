"""The processes and forms that ship with the package, and files that people give us to deploy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from sqlalchemy.orm import Session

import engine

PROCESS_FILES = (".bpmn", ".dmn", ".json")


def deploy(session: Session) -> engine.Deployment | None:
    """Deploy everything that ships; what did not change gets no new version."""
    return engine.execute(session, engine.Deploy(name="keliu", files=packaged_files(), actor="system")).deployment


def packaged_files() -> dict[str, bytes]:
    """Names as deployments know them: ``complaint.bpmn``, ``complaint.en.json``, ``complaint/judge.json``."""
    found = {
        entry.name: entry.read_bytes()
        for entry in resources.files("processes").iterdir()
        if entry.name.endswith(PROCESS_FILES)
    }
    for folder in _folders(resources.files("forms")):
        for entry in folder.iterdir():
            if entry.name.endswith(".json"):
                found[f"{folder.name}/{entry.name}"] = entry.read_bytes()
    return found


def _folders(root: Traversable) -> Iterator[Traversable]:
    return (entry for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith(("_", ".")))


def given_files(paths: Iterable[Path]) -> dict[str, bytes]:
    """Files and folders from the command line. A form keeps its folder's name (``complaint/judge.json``), a translation
    (``complaint.en.json``) and everything else does not."""
    found: dict[str, bytes] = {}
    for path in paths:
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and file.suffix in PROCESS_FILES:
                found[_deployed_name(file.absolute())] = file.read_bytes()
    return found


def _deployed_name(file: Path) -> str:
    is_form = file.suffix == ".json" and not file.stem.endswith((".en", ".zh")) and not file.stem.endswith(".schema")
    return f"{file.parent.name}/{file.name}" if is_form else file.name
