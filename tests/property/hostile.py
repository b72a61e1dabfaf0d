"""``python -m tests.property.hostile``: hostile files, read in a process that may take 100 MB and little time.

Prints one JSON object: per file the processor seconds it took and how it ended.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC
from functools import partial
from pathlib import Path

from app import formkit
from app.errors import FieldErrors
from engine import decisions
from engine.errors import EngineError
from engine.spiff import compile_files
from tests.property.test_engine_mutations import BPMN, TABLES, damage_bytes, damage_tree
from tests.support.workflows import HEAD, Play, document, user

FORM = (Path(__file__).parents[2] / "forms/complaint/judge.json").read_bytes()
MEGABYTE = 1024 * 1024
ALLOWED = 100 * MEGABYTE
SECONDS = 120

PAYLOADS = (
    "__import__('os').system('touch {mark}')",
    "open('{mark}', 'w')",
    "().__class__.__bases__[0].__subclasses__()",
    "''.__class__.__mro__",
    "'{{0.__class__}}'.format(1)",
    "'x'.format_map({{}})",
    "(x for x in [1]).gi_frame.f_globals",
    "[].append.__self__.__class__",
    "(lambda: 1).__globals__",
    "9**9**9",
    "10**10**10 % 7",
    "'a' * 10**10",
    "[0] * 10**10",
    "1 << 10**9",
    "'%1000000000d' % 1",
    "'1'.zfill(10**10)",
    "[a for a in range(10**9)]",
    "sum([a * b for a in range(10**5) for b in range(10**5)])",
    "(" * 900 + "1" + ")" * 900,
    "-" * 1900 + "1",
    "not " * 450 + "1",
    "1" * 1999,
    "getattr(1, '__class__')",
    "globals()",
    "eval('1')",
    "exec('x=1')",
    "f'{{open}}'",
    "(y := 1)",
    "matches('" + "a" * 40 + "!', '(a+)+$')",
    "replace('" + "a" * 40 + "!', '(a+)+$', '')",
)


def attacks(port: int) -> Iterator[tuple[str, bytes]]:
    """XML that reads files, calls a listener, or grows."""
    site = f"http://127.0.0.1:{port}/x"
    process = '<process id="p" isExecutable="true"><userTask id="a" name="&x;"/></process></definitions>'
    for name, entity in (("file", "file:///etc/passwd"), ("http", site)):
        text = f'<!DOCTYPE d [<!ENTITY x SYSTEM "{entity}">]>{HEAD}{process}'
        yield f"entity {name}", text.encode()
        for coding in ("utf-16", "utf-16-le", "utf-16-be", "utf-32"):
            yield f"entity {name} in {coding}", text.encode(coding)
            yield f"entity {name} declared {coding}", f'<?xml version="1.0" encoding="{coding}"?>{text}'.encode(coding)
        seven = text.replace("<", "+ADw-").replace("!", "+ACE-").replace("&", "+ACY-")
        yield f"entity {name} in utf-7", f'<?xml version="1.0" encoding="UTF-7"?>{seven}'.encode()
        yield f"parameter entity {name}", f'<!DOCTYPE d [<!ENTITY % x SYSTEM "{entity}"> %x;]><d/>'.encode()
        yield f"external DTD {name}", f'<!DOCTYPE d SYSTEM "{entity}"><d/>'.encode()
        include = f'<d xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{entity}" parse="text"/></d>'
        yield f"include {name}", include.encode()
        yield f"style sheet {name}", f'<?xml-stylesheet href="{entity}"?>{HEAD}</definitions>'.encode()
        location = f'<d xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:schemaLocation="urn:x {entity}"/>'
        yield f"schema {name}", location.encode()
        yield f"import {name}", f'{HEAD}<import location="{entity}" importType="x"/></definitions>'.encode()
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    yield "laughs", f'<!DOCTYPE d [<!ENTITY l0 "ha">{laughs}]><d>&l9;</d>'.encode()
    yield "quadratic", f'<!DOCTYPE d [<!ENTITY x "{"a" * 100_000}">]><d>{"&x;" * 10_000}</d>'.encode()
    yield "depth", b"<d>" * 100_000
    yield "attribute of 10 MB", b'<d a="' + b"a" * 10 * MEGABYTE + b'"/>'
    yield "attribute of 1.9 MB", document(user("a", f'name="{"a" * 1_900_000}"'))
    yield "many attributes", b"<d " + b" ".join(b'a%d=""' % i for i in range(100_000)) + b"/>"
    yield "many names", b"<d>" + b"".join(b"<x%d/>" % i for i in range(39_000)) + b"</d>"


def places(payload: str) -> Iterator[tuple[str, str]]:
    """The payload as an expression at every place of a process that takes one."""
    text = payload.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    begin = '<startEvent id="s"/>\n'
    yield "condition", f'{begin}<exclusiveGateway id="g"/>{user("a")}{user("b")}\ns > g\ng > a if {text}\ng > b'
    yield "script", f'{begin}<scriptTask id="k"><script>x = {text}</script></scriptTask>{user("a")}\ns > k > a'
    timer = f"<timerEventDefinition><timeDuration>={text}</timeDuration></timerEventDefinition>"
    yield "timer", f'{begin}<intermediateCatchEvent id="c">{timer}</intermediateCatchEvent>\ns > c'
    for attribute in ("camunda:collection", "camunda:x"):
        cardinality = f"<loopCardinality>={text}</loopCardinality>" if attribute == "camunda:x" else ""
        items = (
            f'<multiInstanceLoopCharacteristics {attribute}="={text}">{cardinality}</multiInstanceLoopCharacteristics>'
        )
        yield f"items {attribute}", f"{begin}{user('a', inner=items)}\ns > a"
    for attribute in ("assignee", "candidateGroups", "dueDate", "priority"):
        yield attribute, f'{begin}{user("a", f"""camunda:{attribute}="${{{text}}}" """)}\ns > a'


def read(name: str, content: bytes, run: bool = False) -> str:
    """How it ends: refused, ran, or an error of the engine with its facts."""
    found = compile_files({"p.bpmn": content, **(TABLES if name.startswith("damaged") else {})})
    if any(finding.severity == "error" for finding in found.findings) or not found.processes:
        return "refused"
    if not run:
        return "read"
    try:
        Play(content)
    except EngineError:
        return "incident"
    except AssertionError:
        return "refused"
    return "ran"


def in_a_table(payload: str) -> str:
    """A decision table with the payload as input and as output."""
    text = payload.replace("&", "&amp;").replace("<", "&lt;")
    for place in ("<text>compensation</text>", "<text>true</text>"):
        content = TABLES["approval_level.dmn"].decode().replace(place, f"<text>{text}</text>", 1)
        found = decisions.parse("approval_level.dmn", content.encode()).findings
        if not any(finding.severity == "error" for finding in found):
            return "read"
    return "refused"


def in_a_form(payload: str) -> str:
    """A form whose field is seen when the payload says so."""
    document = json.loads(FORM)
    hidden = next(field for field in document["fields"] if "visible_if" in field)
    hidden["visible_if"] = payload
    try:
        form = formkit.parse(json.dumps(document).encode())
    except formkit.FormInvalid:
        return "refused"
    try:
        formkit.bind(form, {"outcome": "valid"}, zone=UTC)
    except FieldErrors:
        return "ran"
    return "ran"


def main(port: int, mark: str, scale: int) -> None:
    """Read everything; a death by the limits is the answer then."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    size = pages * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (size + ALLOWED, size + ALLOWED))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS * scale, SECONDS * scale))
    answers: dict[str, tuple[float, str]] = {}

    def take(name: str, content: bytes, run: bool = False) -> None:
        ask(name, lambda: read(name, content, run))

    def ask(name: str, reading: Callable[[], str]) -> None:
        begun = time.process_time()
        try:
            said = reading()
        except Exception as error:
            said = f"failed {type(error).__name__}: {error}"
        answers[name] = (round(time.process_time() - begun, 3), said)

    for name, content in attacks(port):
        take(name, content)
    for number, payload in enumerate(PAYLOADS):
        for place, body in places(payload.format(mark=mark)):
            take(f"{place} {number}", document(body), run=True)
        for where, reading in (("table", in_a_table), ("form", in_a_form)):
            ask(f"{where} {number}", partial(reading, payload.format(mark=mark)))
    for place, body in places("1 + 1"):
        take(f"harmless {place}", document(body), run=True)
    ask("harmless table", lambda: in_a_table("1 + 1"))
    ask("harmless form", lambda: in_a_form("1 + 1 == 2"))
    rng = random.Random(15)
    for number in range(60 * scale):
        take(f"damaged {number}", (damage_bytes if number % 2 else damage_tree)(rng, BPMN))
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
