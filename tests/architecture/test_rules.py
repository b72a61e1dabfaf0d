"""The house rules that a machine can check: style, types, import directions, sizes, names."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
OURS = ("app", "engine")
MOST_LINES, MOST_FUNCTION_LINES, MOST_VIEW_LINES = 400, 40, 15
NO_SUCH_NAMES = {"utils", "util", "common", "helpers", "helper", "manager", "misc"}
VERBS = {"get", "post", "put", "patch", "delete", "route"}


def modules() -> list[Path]:
    """What people write and read; a migration is a list of statements, written once."""
    every = (path for folder in OURS for path in (ROOT / folder).rglob("*.py"))
    return sorted(path for path in every if path.parent.name != "versions")


def run(*command: str) -> str:
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if answer.returncode == 0 else answer.stdout[-6000:] + answer.stderr[-2000:]


def test_ruff_finds_nothing() -> None:
    assert run(str(BIN / "ruff"), "check", "--quiet", ".") == ""


def test_types_are_strict() -> None:
    assert run(sys.executable, "-m", "mypy") == ""


def test_imports_point_the_way_the_architecture_says() -> None:
    assert run(str(BIN / "lint-imports"), "--config", "setup.cfg", "--no-cache") == ""


def test_modules_are_short_enough_to_read() -> None:
    long = {
        str(path.relative_to(ROOT)): n for path in modules() if (n := len(path.read_text().splitlines())) > MOST_LINES
    }
    assert long == {}


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def lines_of(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of the body; a docstring explains and is not counted."""
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    return (node.end_lineno or 0) - first.lineno + 1


def is_view(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Decorated with a route of a blueprint."""
    calls = (d.func for d in node.decorator_list if isinstance(d, ast.Call))
    return any(isinstance(call, ast.Attribute) and call.attr in VERBS for call in calls)


def test_functions_do_one_thing() -> None:
    long = []
    for path in modules():
        for node in functions(path):
            most = MOST_VIEW_LINES if is_view(node) and path.name == "views.py" else MOST_FUNCTION_LINES
            if lines_of(node) > most:
                long.append(
                    f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {lines_of(node)} lines, at most {most}"
                )
    assert long == []


def test_no_module_is_a_drawer_for_everything() -> None:
    assert [str(path) for path in modules() if NO_SUCH_NAMES & {path.stem, path.parent.name}] == []


def test_nothing_swallows_an_error() -> None:
    swallowed = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler) and all(isinstance(part, ast.Pass) for part in node.body):
                swallowed.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert swallowed == []


def test_nobody_asks_the_computer_for_the_time() -> None:
    """Time is an argument. Only the clock reads the computer's."""
    askers = []
    for path in modules():
        if path.relative_to(ROOT).as_posix() == "engine/clock.py":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                asked = (node.value.id, node.attr)
                if asked in {("datetime", "now"), ("datetime", "utcnow"), ("date", "today"), ("time", "time")}:
                    askers.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert askers == []


@pytest.mark.parametrize("folder", OURS)
def test_every_package_says_what_it_is_for(folder: str) -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in (ROOT / folder).rglob("*.py")
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_every_folder_of_modules_is_a_package() -> None:
    """An installed Keliu has only packages; a checkout finds the others too and hides the difference."""
    folders = {path.parent for top in ("app", "engine") for path in (ROOT / top).rglob("*.py")}
    bare = {folder for folder in folders if not (folder / "__init__.py").exists()}
    assert bare <= {ROOT / "app" / "migrations" / "versions"}
