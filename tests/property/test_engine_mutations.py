"""Damaged files: deployment answers with findings, and what it lets through can be started.

The complaint process is damaged at random: as bytes, as text, and as a tree (elements and attributes removed, doubled,
renamed, sent elsewhere). Whatever happens is an engine error with words, never another exception.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from importlib.resources import files

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from engine import decisions, findings
from engine.errors import EngineError, ExpressionFailed, ExpressionRefused
from engine.evaluator import compile_script, evaluate
from engine.spiff import compile_files
from engine.spiff.reader import BPMN as BPMN_MODEL
from tests.support.soon import ends_soon
from tests.support.workflows import Play

SCALE = int(os.environ.get("KELIU_TEST_SCALE", "1"))
"""With 10 these and tests/web/test_engine_rest_attacks.py are more than ten thousand malformed inputs."""
FOLDER = files("processes")
BPMN = FOLDER.joinpath("complaint.bpmn").read_bytes()
TABLES = {
    name: FOLDER.joinpath(name).read_bytes()
    for name in ("approval_level.dmn", "responsible_department.dmn", "service_level.dmn")
}
WORDS = "a _ __x__ () [] {} . , : + - * / % < > = == != and or not in if else then is for lambda ${ #{ } \" ' 1 2.5 1e9"
SIGNS = [" ", "true", "null", "len(", "date(", "投诉", "..", "\n", "\\", "\x00", "&&", "||", "!", "?", "x["]
ALPHABET = [*WORDS.split(" "), *SIGNS]
NODES = ("userTask", "serviceTask", "exclusiveGateway", "parallelGateway", "endEvent", "startEvent", "subProcess")


def damage_bytes(rng: random.Random, content: bytes) -> bytes:
    """Bytes cut out, doubled or replaced."""
    data = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(data))
        length = rng.choice([1, 3, 30, 300])
        kind = rng.randrange(3)
        if kind == 0:
            del data[at : at + length]
        elif kind == 1:
            data[at:at] = data[at : at + length]
        else:
            data[at : at + 1] = bytes([rng.randrange(256)])
    return bytes(data)


def damage_tree(rng: random.Random, content: bytes) -> bytes:
    """A file that is XML still, but not what it was."""
    root = etree.fromstring(content)
    elements = list(root.iter(f"{{{BPMN_MODEL}}}*"))
    identifiers = [element.get("id", "x") for element in elements]
    for _ in range(rng.randint(1, 3)):
        element = rng.choice(elements)
        parent = element.getparent()
        kind = rng.randrange(5)
        if kind == 0 and parent is not None:
            parent.remove(element)
        elif kind == 1 and parent is not None:
            parent.append(etree.fromstring(etree.tostring(element)))
        elif kind == 2 and element.attrib:
            del element.attrib[rng.choice(list(element.attrib))]
        elif kind == 3 and element.attrib:
            value = rng.choice([*identifiers, "", "x" * 100, "${", "=1 +", "-1", "P"])
            element.set(rng.choice(list(element.attrib)), value)
        elif kind == 4:
            element.tag = etree.QName(etree.QName(element).namespace, rng.choice(NODES))
    return etree.tostring(root)


def deploy(content: bytes) -> bool:
    """Whether the file would be deployed. Every finding has words."""
    with ends_soon():
        compiled = compile_files({"complaint.bpmn": content, **TABLES})
    for finding in compiled.findings:
        for language in findings.LANGUAGES:
            assert findings.word(finding, language)
    refused = any(finding.severity == "error" for finding in compiled.findings)
    return not refused and any(process.key == "complaint" for process in compiled.processes)


def run(rng: random.Random, content: bytes) -> None:
    """Start what was deployed and move it a little."""
    parts = {("dmn", name): table for name, table in TABLES.items()}
    start = {"complaint_id": "1", "amount": 1, "complaint_class": "quality", "sub_code": "x"}
    start |= {"departments": ["development"]}
    play = Play(content, start, parts=parts, key="complaint")
    for _ in range(12):
        waiting = play.waiting
        if waiting.services:
            play.serve(waiting.services[0].node_id)
        elif waiting.tasks:
            play.do(rng.choice(waiting.tasks).node_id, outcome=rng.choice(["valid", "refused", "approved", "done"]))
        elif waiting.timers:
            play.ring(rng.choice(waiting.timers).node_id)


def test_damaged_bytes_are_answered_with_findings() -> None:
    rng = random.Random(1)
    for _ in range(100 * SCALE):
        deploy(damage_bytes(rng, BPMN))


def test_damaged_processes_are_refused_or_run() -> None:
    rng = random.Random(2)
    seen: Counter[str] = Counter()
    for _ in range(50 * SCALE):
        content = damage_tree(rng, BPMN)
        if not deploy(content):
            seen["refused"] += 1
            continue
        try:
            run(rng, content)
            seen["ran"] += 1
        except EngineError as error:
            seen["incident"] += 1
            assert error.facts
    assert seen["refused"] > 8 * SCALE
    assert seen["ran"] > 8 * SCALE


def test_damaged_tables_are_answered_with_findings() -> None:
    rng = random.Random(3)
    for content in TABLES.values():
        for _ in range(60 * SCALE):
            for finding in decisions.parse("t.dmn", damage_bytes(rng, content)).findings:
                assert findings.word(finding, "zh")


@settings(max_examples=200 * SCALE, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from(ALPHABET), max_size=14).map("".join)))
def test_no_text_makes_the_evaluator_stumble(text: str) -> None:
    for spelling in (text, f"={text}", f"${{{text}}}"):
        try:
            evaluate(spelling, {"a": 1, "x": [1, 2], "投诉": {"b": None}})
        except (ExpressionRefused, ExpressionFailed) as error:
            assert error.facts["reason"]
    try:
        compile_script(text)
    except ExpressionRefused as error:
        assert error.facts["reason"]
