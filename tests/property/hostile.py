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
from functools import partial
from pathlib import Path

from engine.spiff import compile_files
from tests.property.hostile_places import everywhere
from tests.property.test_engine_mutations import BPMN, TABLES, damage_bytes, damage_tree
from tests.support.workflows import HEAD, document, user

MEGABYTE = 1024 * 1024
FILE, EXPRESSION = 100, 50
"""Megabytes that a file and an expression may take."""
QUICK = 0.1
"""Seconds of processor time that an expression may take, its file included."""
SECONDS = 120


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


def read(name: str, content: bytes) -> str:
    """How it ends: refused or read."""
    found = compile_files({"p.bpmn": content, **(TABLES if name.startswith("damaged") else {})})
    refused = any(finding.severity == "error" for finding in found.findings) or not found.processes
    return "refused" if refused else "read"


def limit_memory(megabytes: int) -> None:
    """From here on this process may take so much more."""
    size = int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (size + megabytes * MEGABYTE, resource.RLIM_INFINITY))


def main(port: int, mark: str, scale: int) -> None:
    """Read everything; a death by the limits is the answer then."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS * scale, SECONDS * scale))
    answers: dict[str, tuple[float, str]] = {}

    def ask(name: str, reading: Callable[[], str]) -> None:
        begun = time.process_time()
        try:
            said = reading()
        except Exception as error:
            said = f"failed {type(error).__name__}: {error}"
        answers[name] = (round(time.process_time() - begun, 3), said)

    limit_memory(FILE)
    for name, content in attacks(port):
        ask(name, partial(read, name, content))
    rng = random.Random(15)
    for number in range(60 * scale):
        content = (damage_bytes if number % 2 else damage_tree)(rng, BPMN)
        ask(f"damaged {number}", partial(read, f"damaged {number}", content))
    limit_memory(EXPRESSION)
    for name, reading in everywhere(mark):
        ask(name, reading)
        seconds = answers[name][0]
        if seconds > QUICK:  # the expression, or a busy machine?
            ask(name, reading)
            answers[name] = (min(seconds, answers[name][0]), answers[name][1])
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
