"""Whatever is thrown at the REST dialects, the answer is a clear refusal and never a 500."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import pytest
from flask import Flask

from tests.support import purchase
from tests.support.rest import Program, program

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "not json": b"{",
    "a list": b"[]",
    "a number": b"7",
    "null": b"null",
    "a text": b'"x"',
    "not utf-8": b'{"a": "\xff\xfe"}',
    "a zero byte": b'{"variables": {"a": {"value": "x\\u0000y"}}, "values": {"subject": "x\\u0000"}}',
    "half a surrogate": b'{"variables": {"a": {"value": "\\ud800"}}, "values": {"subject": "\\ud800"}}',
    "not a number": b'{"variables": {"amount": {"value": NaN, "type": "Double"}}, "values": {"amount": NaN}}',
    "infinity": b'{"variables": {"amount": {"value": 1e999, "type": "Double"}}, "values": {"amount": 1e999}}',
    "endless nesting": b'{"values": ' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    "deep nesting": b'{"values": {"items": ' + b"[" * 300 + b"]" * 300 + b"}}",
    "a huge number": b'{"variables": {"amount": {"value": '
    + b"9" * 5_000
    + b'}}, "values": {"amount": '
    + b"9" * 5_000
    + b"}}",
    "a large number": b'{"variables": {"amount": {"value": '
    + b"9" * 300
    + b'}}, "values": {"amount": '
    + b"9" * 300
    + b"}}",
    "variables is a list": b'{"variables": [], "values": []}',
    "variables is a text": b'{"variables": "x", "values": "x"}',
    "variable without object": b'{"variables": {"a": 1}, "values": {"subject": {"a": 1}}}',
    "unknown type": b'{"variables": {"a": {"value": 1, "type": "Sausage"}}, "values": {"wurst": 1}}',
    "type is a number": b'{"variables": {"a": {"value": 1, "type": 1}}, "values": {"items": 1}}',
    "object": b'{"variables": {"a": {"value": "rO0AB", "type": "Object"}}, "values": {"items": [1]}}',
    "file": b'{"variables": {"a": {"value": "x", "type": "File"}}, "values": {"items": [{"what": []}]}}',
    "bad json": b'{"variables": {"items": {"value": "[", "type": "Json"}}, "values": {"items": [1, 2, 3, 4, 5, 6]}}',
    "bad date": b'{"variables": {"wanted_on": {"value": "2026-13-45T00:00:00", "type": "Date"}},'
    b'"values": {"wanted_on": "2026-02-30"}}',
    "date of another age": b'{"variables": {"wanted_on": {"value": "0000-01-01T00:00:00.000+0000", "type": "Date"}},'
    b'"values": {"wanted_on": "99999-01-01"}}',
    "boolean for a text": b'{"variables": {"subject": {"value": true}}, "values": {"subject": true}}',
    "list for a text": b'{"variables": {"subject": {"value": ["a"]}}, "values": {"subject": ["a"]}}',
    "no such option": b'{"variables": {"kind": {"value": "x"}}, "values": {"kind": "x"}}',
    "list for a choice": b'{"variables": {"kind": {"value": ["goods"]}}, "values": {"kind": ["goods"]}}',
    "object for an amount": b'{"variables": {"amount": {"value": {"a": 1}}}, "values": {"amount": {"a": 1}}}',
    "much too long": json.dumps(
        {"values": {"subject": "x" * 200_000}, "variables": {"subject": {"value": "x" * 200_000}}}
    ).encode(),
    "an expression": b'{"variables": {"${7*7}": {"value": "${7*7}"}}, "values": {"__class__": "=__import__(\'os\')"}}',
    "flag is a text": b'{"withVariablesInReturn": "yes", "values": {}, "may_wait": "perhaps"}',
    "empty name": b'{"variables": {"": {"value": 1}}, "values": {"": 1}, "userId": "", "messageName": ""}',
    "user is an object": b'{"userId": {"a": 1}, "messageName": {"a": 1}, "businessKey": {"a": 1}}',
    "message keys": b'{"messageName": "x", "correlationKeys": {"a": {"value": {"b": []}}}}',
    "message long": json.dumps({"messageName": "x" * 500, "businessKey": "y" * 500}).encode(),
    "sql": b'{"messageName": "x\' OR 1=1 --", "businessKey": "\' OR 1=1 --", "userId": "\' OR 1=1 --"}',
}
PATHS = (
    "/engine-rest/task/{task}/complete",
    "/engine-rest/task/{task}/claim",
    "/engine-rest/task",
    "/engine-rest/message",
    "/engine-rest/process-definition/key/purchase/start",
    "/api/v1/tasks/{task}/complete",
    "/api/v1/tasks/{task}/draft",
)
ADDRESSES = (
    "/engine-rest/task/%00", "/engine-rest/task/x%27%20OR%201=1", "/engine-rest/task/" + "x" * 3000,
    "/engine-rest/job/99999999999999999999", "/engine-rest/job/-1", "/engine-rest/job/%D9%A1", "/engine-rest/job/1e3",
    "/engine-rest/process-instance/%F0%9F%92%A9", "/engine-rest/process-instance/%00/variables",
    "/engine-rest/process-definition/%00/xml", "/engine-rest/process-definition/key/%2e%2e%2f", "/api/v1/tasks/%00",
    "/api/v1/tasks/..%2f..%2fetc/form", "/api/v1/imports/99999999999999999999", "/api/v1/complaints/%00",
    "/engine-rest/task?assignee=%00", "/engine-rest/task?dueBefore=9999-99-99T00:00:00",
    "/engine-rest/task?nameLike=%25%25",
    "/engine-rest/task?firstResult=99999999999999999999", "/engine-rest/task?maxResults=2147483647",
    "/engine-rest/task?priority=99999999999999999999", "/engine-rest/job?jobId=99999999999999999999",
    "/engine-rest/job?dueDates=gt_", "/engine-rest/job?dueDates=xx_2026-01-01T00:00:00",
    "/engine-rest/process-instance?processInstanceIds=" + ",".join("x" * 5 for _ in range(900)),
    "/engine-rest/process-definition?version=1.5", "/engine-rest/process-definition?sortBy=key&sortOrder=sideways",
    "/api/v1/tasks?after=AAAA", "/api/v1/tasks?after=WyJ4Il0=", "/api/v1/tasks?limit=0", "/api/v1/tasks?q=%00%22%27*",
    "/api/v1/references/nothing?q=x", "/api/v1/complaints?after=%00", "/api/v1/complaints?q=%22%20OR%20*",
)  # fmt: skip


@pytest.fixture
def asking(each_app: Flask) -> Iterator[tuple[Flask, Program, str]]:
    """A call-centre program and a task it may do."""
    purchase.deploy(each_app)
    task = purchase.task_of(each_app, purchase.start(each_app))
    yield each_app, program(each_app, "li.na"), task.id


def test_no_body_makes_the_server_fail(asking: tuple[Flask, Program, str]) -> None:
    app, client, task = asking
    for (name, body), path in itertools.product(BODIES.items(), PATHS):
        method = "PUT" if path.endswith("draft") else "POST"
        answer = client.raw(method, path.format(task=task), body)
        assert answer.status_code < 500, (name, path, answer.get_data(as_text=True)[:300])
        if answer.status_code >= 400:
            assert "message" in answer.get_json(), (name, path)
    assert purchase.task(app, task).state == "created", "nothing malformed completed it"


def test_other_content_types_are_refused_or_read_as_json(asking: tuple[Flask, Program, str]) -> None:
    _app, client, task = asking
    for kind in ("text/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "nonsense"):
        for path in PATHS:
            method = "PUT" if path.endswith("draft") else "POST"
            answer = client.raw(method, path.format(task=task), b"<a/>", content_type=kind)
            assert answer.status_code < 500, (kind, path)


def test_no_address_makes_the_server_fail(asking: tuple[Flask, Program, str]) -> None:
    _app, client, _task = asking
    for address in ADDRESSES:
        answer = client.client.get(address, headers=client.headers)
        assert answer.status_code < 500, (address, answer.get_data(as_text=True)[:300])
        assert answer.is_json, address
