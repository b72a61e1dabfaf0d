"""Hundreds of files that are no processes, through the engine's command and through the command line: a reason in
words each time, nothing deployed, nothing fetched."""

from __future__ import annotations

import json
import os
import random
import shutil
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy.orm import Session

import engine
from app.cli import cli
from app.db import Database
from engine import findings
from tests.support.application import Databases, database_of

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"
HEAD = '<?xml version="1.0" encoding="UTF-8"?>'
TASK = '<b:userTask id="t" c:candidateGroups="finance"/>'
TABLE = """<definitions xmlns="{dmn}" id="d"><decision id="x"><decisionTable hitPolicy="FIRST">
<input id="i"><inputExpression><text>amount</text></inputExpression></input><output id="o" name="level"/>
<rule id="r"><inputEntry><text>{test}</text></inputEntry><outputEntry><text>{result}</text></outputEntry></rule>
</decisionTable></decision></definitions>"""


def process(body: str = TASK, *, before: str = "", flow: str = "", key: str = "p") -> str:
    return (
        f'{HEAD}{before}<b:definitions xmlns:b="{BPMN}" xmlns:c="http://camunda.org/schema/1.0/bpmn" '
        f'xmlns:xi="http://www.w3.org/2001/XInclude" id="d"><b:process id="{key}" isExecutable="true">'
        f'<b:startEvent id="s"/><b:sequenceFlow id="f" sourceRef="s" targetRef="t">{flow}</b:sequenceFlow>{body}'
        '<b:sequenceFlow id="g" sourceRef="t" targetRef="e"/><b:endEvent id="e"/></b:process></b:definitions>'
    )


def table(test: str = "&gt; 1", result: str = '"a"', before: str = "") -> str:
    return HEAD + before + TABLE.format(dmn=DMN, test=test, result=result)


LAUGHS = "".join(f'<!ENTITY l{n} "{"&l" + str(n - 1) + ";" if n else "lol"}">' for n in range(10))
ESCAPES = (
    "__import__('os').system('id')", "().__class__.__bases__", "open('/etc/passwd')", "eval('1')", "x.__dict__",
    "(lambda: 1)()", "{y for y in x}", "9**9**9", "'a' * 10**10", "x.append(1)", "getattr(x, 'y')", "f'{x}'",
)  # fmt: skip


def doctypes(listener: str) -> list[str]:
    return [
        '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        f'<!DOCTYPE d [<!ENTITY x SYSTEM "{listener}/entity">]>',
        f'<!DOCTYPE d [<!ENTITY % x SYSTEM "{listener}/parameter"> %x;]>',
        f'<!DOCTYPE d SYSTEM "{listener}/outside.dtd">',
        f'<!DOCTYPE d PUBLIC "-//x" "{listener}/public.dtd">',
        "<!DOCTYPE d>",
        f"<!DOCTYPE d [{LAUGHS}]>",
        f'<!DOCTYPE d [<!ENTITY x "{"a" * 100_000}">]>',
    ]


def expressions(text: str) -> list[str]:
    timer = f'<b:intermediateCatchEvent id="t"><b:timerEventDefinition><b:timeDuration>={text}</b:timeDuration>'
    loop = f"<b:multiInstanceLoopCharacteristics><b:loopCardinality>{text}</b:loopCardinality>"
    return [
        process(f'<b:userTask id="t" c:assignee="${{{text}}}"/>'),
        process(f'<b:userTask id="t" c:candidateGroups="${{{text}}}"/>'),
        process(f'<b:userTask id="t" c:dueDate="${{{text}}}"/>'),
        process(f"<b:scriptTask id='t'><b:script>y = {text}</b:script></b:scriptTask>"),
        process(f"{timer}</b:timerEventDefinition></b:intermediateCatchEvent>"),
        process(f"<b:userTask id='t'>{loop}</b:multiInstanceLoopCharacteristics></b:userTask>"),
    ]


def bpmn_files(listener: str) -> list[bytes]:
    plain, rng = process().encode(), random.Random(7)
    long = "n" * 5_000
    found = [text.encode() for one in ESCAPES for text in expressions(one)]
    found += [process('<b:userTask id="t" name="&x;&l9;"/>', before=one).encode() for one in doctypes(listener)]
    found += [process(before=one).encode("utf-16") for one in doctypes(listener)]
    found += [
        process().replace("UTF-8", "UTF-7").encode() + b"+ADwAIQ-DOCTYPE+AD4-",
        process(f'<b:userTask id="t" name="{"x" * 2_100_000}"/>').encode(),
        ("<a>" * 50_000).encode(),
        process("".join(f'<b:subProcess id="n{n}">' for n in range(300)) + "</b:subProcess>" * 300).encode(),
        process(f'<b:userTask id="t" name="{long}"/>').encode(),
        process(f'<b:userTask id="t" c:formKey="{long}"/>').encode(),
        process(f'<b:userTask id="t" c:candidateGroups="{long}"/>').encode(),
        process(f'<b:serviceTask id="t" c:type="external" c:topic="{long}"/>').encode(),
        process(key=long).encode(),
        process().replace('"t"', f'"{long}"').encode(),
        plain.replace(b"UTF-8", b"no-such-encoding"),
        plain + b"\x00",
        b"\x00" * 1000,
        b"\xff\xfe\x00",
        "投诉".encode("gb18030"),
    ]
    found += [plain[: rng.randrange(60, len(plain) - 20)] for _ in range(60)]  # cut off
    found += [plain.replace(b"b:process", b"b:p%d" % n) for n in range(10)]
    found += [plain.replace(rng.choice([b'Ref="t"', b'Ref="s"', b'Ref="e"']), b'Ref="x%d"' % n) for n in range(20)]
    return found


def dmn_files(listener: str) -> list[bytes]:
    plain, rng = table().encode(), random.Random(8)
    found = [table(result=one.replace("<", "&lt;")).encode() for one in ESCAPES]
    found += [table(test=one.replace("<", "&lt;")).encode() for one in ESCAPES]
    found += [table(before=one).encode() for one in doctypes(listener)]
    found += [plain[: rng.randrange(60, len(plain) - 20)] for _ in range(30)]
    found += [table(test="(" * 5_000).encode(), table(test="x" * 100_000).encode(), b"", b"<a/>", b"\x00"]
    return found


@pytest.fixture
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """An address nobody has any business with, and what knocked there."""
    knocked: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))

    def listen() -> None:
        while True:
            try:
                visitor, _address = server.accept()
            except OSError:
                return
            knocked.append(visitor.recv(200))
            visitor.close()

    threading.Thread(target=listen, daemon=True).start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}", knocked
    server.close()


def hostile(listener: str) -> list[dict[str, bytes]]:
    """What is deployed together: one hostile file, a decision beside a good process."""
    good = process().encode()
    found = [{"p.bpmn": content} for content in bpmn_files(listener)]
    return found + [{"p.bpmn": good, "x.dmn": content} for content in dmn_files(listener)]


def test_the_command_refuses_every_one_in_words(app: Flask, listener: tuple[str, list[bytes]]) -> None:
    (address, knocked), database = listener, database_of(app)
    files = hostile(address)
    assert len(files) >= 200
    with database.read() as session:
        before = len(engine.queries.definitions(session))
    for number, given in enumerate(files):

        def work(session: Session, given: dict[str, bytes] = given) -> None:
            engine.execute(session, engine.Deploy(name="hostile", files=given, actor="shi.lei"))

        with pytest.raises(engine.DeploymentRefused) as refused:
            database.write(work)
        wrong = [finding for finding in refused.value.findings if finding.severity == "error"]
        assert wrong, number
        for finding in wrong:
            assert all(findings.word(finding, language) for language in findings.LANGUAGES)
            assert "root:" not in str(finding), "it read a file of this machine"
    with database.read() as session:
        assert len(engine.queries.definitions(session)) == before
    assert knocked == []


def test_an_inclusion_is_left_alone(database: Database, listener: tuple[str, list[bytes]]) -> None:
    include = f'<b:documentation><xi:include href="{listener[0]}" parse="text"/></b:documentation>'
    body = f'<b:userTask id="t" c:candidateGroups="finance">{include}</b:userTask>'
    files = {"q.bpmn": process(body, key="q").encode()}
    database.write(lambda session: engine.execute(session, engine.Deploy(name="x", files=files, actor="shi.lei")))
    assert listener[1] == []


BROKEN_PARTS: dict[str, tuple[str, bytes]] = {
    "endless nesting": ("p.en.json", b"[" * 100_000),
    "a list": ("p.en.json", b"[]"),
    "elements is a list": ("p.en.json", b'{"elements": []}'),
    "elements is a text": ("p.en.json", b'{"elements": "x"}'),
    "a name is an object": ("p.en.json", b'{"elements": {"t": {"a": 1}}}'),
    "not UTF-8": ("p.en.json", b'{"elements": {"t": "\xff"}}'),
    "a form that is a list": ("p/f.json", b"[]"),
    "a form nested for ever": ("p/f.json", b'{"a":' * 100_000),
    "a long file name": ("p/" + "f" * 300 + ".json", b"{}"),
}


@pytest.mark.parametrize("name", BROKEN_PARTS)
def test_a_broken_part_is_refused(database: Database, name: str) -> None:
    part, content = BROKEN_PARTS[name]
    files = {"p.bpmn": process().encode(), part: content}
    command = engine.Deploy(name="broken", files=files, actor="shi.lei")
    with pytest.raises(engine.DeploymentRefused):
        database.write(lambda session: engine.execute(session, command))


@pytest.fixture
def at_the_command_line(databases: Databases, tmp_path: Path) -> Iterator[Path]:
    """A data directory with a company, for ``keliu``."""
    url = databases.fresh("sqlite", company=True)
    data = tmp_path / "data"
    data.mkdir()
    shutil.move(url.removeprefix("sqlite:///"), data / "keliu.sqlite3")
    yield data


def keliu(*arguments: str) -> Result:
    given: dict[str, str | None] = {name: None for name in os.environ if name.startswith("KELIU_")}
    return CliRunner().invoke(cli, arguments, env=given, catch_exceptions=False)


def test_the_command_line_tells_each_in_lines(at_the_command_line: Path, tmp_path: Path) -> None:
    everything = hostile("http://127.0.0.1:9")
    chosen = everything[::16]
    for number, given in enumerate(chosen):
        folder = tmp_path / f"n{number}"
        folder.mkdir()
        for name, content in given.items():
            (folder / name).write_bytes(content)
        result = keliu("deploy", str(folder), "--data", str(at_the_command_line))
        assert result.exit_code == 1, number
        assert ": error: " in result.stderr and "nothing was deployed" in result.stderr
        assert "Traceback" not in result.stderr


def test_a_form_that_nobody_could_open_is_refused(at_the_command_line: Path, tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    (folder / "p.bpmn").write_text(process('<b:userTask id="t" c:formKey="p/f" c:candidateGroups="finance"/>'))
    field = {"name": "a", "type": "text", "label": {"zh": "甲", "en": "A"}, "visible_if": "__import__('os')"}
    (folder / "f.json").write_text(json.dumps({"key": "p/f", "title": {"zh": "甲", "en": "A"}, "fields": [field]}))
    result = keliu("deploy", str(folder), "--data", str(at_the_command_line))
    assert result.exit_code == 1
    assert "p/f.json:fields.0.visible_if: error:" in result.stderr
