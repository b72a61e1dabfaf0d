"""Files of other tools: each deploys and runs as it says, or is refused with the finding that says why.

A file ``dialects/<tool>/<name>.bpmn`` has its expectation beside it: variables, moves, the path, and the notes.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import engine
from app import formkit
from engine import findings
from engine.spiff import compile_files
from engine.spiff.dialects import STEPS
from tests.support.workflows import MODES, MONDAY, Play

FOLDER = Path(__file__).parent / "dialects"
TABLE = Path(__file__).parents[2] / "docs" / "architecture" / "dialects.md"
FILES = sorted(FOLDER.glob("*/*.bpmn"))
NAMES = {
    "camunda7": "Camunda 7", "camunda8": "Camunda 8", "flowable": "Flowable", "activiti": "Activiti", "jbpm": "jBPM",
    "spiffarena": "SpiffArena", "drawings": "Drawings", "standard": "BPMN alone",
}  # fmt: skip


def expectation(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.with_suffix(".json").read_text())
    return found


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


RUNNING = [path for path in FILES if "refused" not in expectation(path)]
REFUSED = [path for path in FILES if "refused" in expectation(path)]


@pytest.mark.parametrize("path", RUNNING, ids=name_of)
@pytest.mark.parametrize("mode", MODES[1:])
def test_runs_as_the_file_says(path: Path, mode: str) -> None:
    wanted = expectation(path)
    play = Play(path.read_bytes(), wanted.get("variables"), mode=mode, key=wanted["key"])
    if "task" in wanted:
        check_task(play, wanted["task"])
    for move, node, *more in wanted["moves"]:
        play = (
            getattr(play, move)(node, **more[0])
            if more and isinstance(more[0], dict)
            else getattr(play, move)(node, *more)
        )
    assert play.execution.completed
    done = [line.removeprefix("completed ") for line in play.trace if line.startswith("completed ")]
    assert done == wanted["path"]
    variables = play.execution.variables()
    assert {name: variables.get(name) for name in wanted.get("after", {})} == wanted.get("after", {})


def check_task(play: Play, wanted: dict[str, Any]) -> None:
    task = play.waiting.tasks[0]
    for name, value in wanted.items():
        if name == "due_in_hours":
            assert task.due_at == MONDAY + timedelta(hours=value)
        elif name == "follow_up_in_hours":
            assert task.follow_up_at == MONDAY + timedelta(hours=value)
        else:
            found = getattr(task, name)
            assert (list(found) if isinstance(found, tuple) else found) == value, name


@pytest.mark.parametrize("path", RUNNING, ids=name_of)
def test_says_what_was_changed(path: Path) -> None:
    wanted = expectation(path)
    compiled = compile_files({path.name: path.read_bytes()})
    assert sorted({found.code for found in compiled.findings}) == sorted(wanted["notes"])
    for found in compiled.findings:
        for language in findings.LANGUAGES:
            assert "–" not in findings.word(found, language), found
    topics = sorted({topic for process in compiled.processes for topic in process.topics})
    assert topics == wanted.get("topics", topics)
    if "form" in wanted:
        document = formkit.parse(compiled.forms[f"{wanted['form']['key']}.json"])
        assert {field.name: field.type.value for field in document.fields} == wanted["form"]["fields"]
        assert [field.name for field in document.fields if field.required] == wanted["form"]["required"]


@pytest.mark.parametrize("path", REFUSED, ids=name_of)
def test_is_refused_with_the_reason(path: Path) -> None:
    wanted = expectation(path)
    compiled = compile_files({path.name: path.read_bytes()})
    errors = [[found.code, found.element] for found in compiled.findings if found.severity == "error"]
    assert errors == wanted["refused"]
    if wanted.get("asked_then_runs"):
        asked = compile_files({path.name: path.read_bytes()}, drawings=True)
        assert not [found for found in asked.findings if found.severity == "error"]
        assert len(asked.processes) == 2


@pytest.mark.parametrize("path", [path for path in RUNNING if "attempts" in expectation(path)], ids=name_of)
def test_jobs_are_attempted_as_often_as_the_file_says(path: Path) -> None:
    wanted = expectation(path)
    play = Play(path.read_bytes(), wanted.get("variables"), key=wanted["key"])
    first = play.waiting.services[0]
    assert first.attempts == wanted["attempts"][first.node_id]


def test_our_own_processes_need_no_translation() -> None:
    root = Path(engine.__file__).parents[1]
    files = {
        path.name: path.read_bytes() for path in (root / "processes").glob("*.*") if path.suffix in (".bpmn", ".dmn")
    }
    assert compile_files(files).findings == ()
    assert compile_files(files).forms == {}


def test_every_note_has_words() -> None:
    folder = Path(engine.__file__).parent / "spiff" / "dialects"
    calls = re.compile(r'work\.(?:note|refuse)\(\s*"([a-z_]+)"')
    used = {code for path in folder.glob("*.py") for code in calls.findall(path.read_text())}
    assert len(used) > 35
    assert used <= findings.WORDS.keys()
    assert len(STEPS) > 10


def table() -> str:
    """The document, from the corpus."""
    lines = TABLE_HEAD.splitlines()
    for tool, title in NAMES.items():
        lines += ["", f"## {title}", "", "| file | what it shows | result | notes or reasons |", "|---|---|---|---|"]
        for path in FILES:
            if path.parent.name == tool:
                wanted = expectation(path)
                reasons = [code for code, _ in wanted["refused"]] if "refused" in wanted else wanted["notes"]
                result = "refused" if "refused" in wanted else "runs"
                codes = ", ".join(f"`{code}`" for code in sorted(set(reasons))) or "none"
                lines.append(f"| {path.stem} | {wanted['title']} | {result} | {codes} |")
    return "\n".join(lines) + "\n"


TABLE_HEAD = """# Files of other tools

What other tools write is translated when a file is read (`engine/spiff/dialects`), before it is checked. Every change
is a finding of severity warning that names the element, what was changed and why; what can't be translated is refused
with its reason. The tables are generated from the files in `tests/conformance/dialects`, each of which is deployed, run
to its end or refused by `tests/conformance/test_dialects.py`. To write this page
anew: `python -m tests.conformance.test_dialects`."""


def test_the_table_in_the_documentation_is_true() -> None:
    assert TABLE.read_text() == table()


if __name__ == "__main__":
    TABLE.write_text(table())
