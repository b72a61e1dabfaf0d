"""Whoever may deploy a file owns neither the server nor its network, nor its time: attacks in a process with limits."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCALE = int(os.environ.get("KELIU_TEST_SCALE", "1"))
Answers = dict[str, tuple[float, str]]


@pytest.fixture
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Answers, Path, list[str]]:
    """What became of each file, the file that an escape would make, and who called the listener."""
    mark, called = tmp_path_factory.mktemp("hostile") / "escaped", []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        command = [
            sys.executable,
            "-m",
            "tests.property.hostile",
            str(listener.getsockname()[1]),
            str(mark),
            str(SCALE),
        ]
        child = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300 * SCALE, check=False)
        with contextlib.suppress(BlockingIOError):  # nobody called
            called.append(str(listener.accept()[1]))
    assert child.returncode == 0, child.stderr[-2000:]
    return json.loads(child.stdout), mark, called


def _every_expression_at_every_place_is_refused_or_stopped_within_a_tenth_of_a_second_and_fifty_megabytes(
    hostile: tuple[Answers, Path, list[str]],
) -> None:
    kinds = ("harmless", "never", "perhaps")
    found = {name: answer for name, answer in hostile[0].items() if name.startswith(kinds)}
    assert len(found) > 20 * 100, "places and expressions"
    refused = [name for name, (_, said) in found.items() if name.startswith("harmless") and said == "refused"]
    assert refused == [], "the places are right; it is the attack that is refused"
    assert {name: said for name, (_, said) in found.items() if said.startswith("failed")} == {}
    assert [name for name, (_, said) in found.items() if name.startswith("never") and said == "ran"] == []
    assert {name: seconds for name, (seconds, _) in found.items() if seconds > 0.1} == {}


def _every_file_is_answered_within_two_seconds_and_a_hundred_megabytes(
    hostile: tuple[Answers, Path, list[str]],
) -> None:
    answers = hostile[0]
    assert {name: said for name, (_, said) in answers.items() if said.startswith("failed")} == {}
    assert {name: seconds for name, (seconds, _) in answers.items() if seconds > 2} == {}


def _no_file_reads_files_calls_out_or_escapes(hostile: tuple[Answers, Path, list[str]]) -> None:
    answers, mark, called = hostile
    assert not mark.exists()
    assert called == []
    said = {name: outcome for name, (_, outcome) in answers.items() if "entity" in name or "DTD" in name}
    assert set(said.values()) == {"refused"}, said


def test_hostile_files_cost_little_and_get_nowhere(hostile: tuple[Answers, Path, list[str]]) -> None:
    """One test, so that one process makes the files."""
    _every_expression_at_every_place_is_refused_or_stopped_within_a_tenth_of_a_second_and_fifty_megabytes(hostile)
    _every_file_is_answered_within_two_seconds_and_a_hundred_megabytes(hostile)
    _no_file_reads_files_calls_out_or_escapes(hostile)
