"""Who may call what: every route and method as every kind of person, compared with the reviewed file ``access.csv``.

Nothing that a request writes stays, so every cell starts from the same company. Routes about one thing are asked for a
thing of complaint CMP-2026-000003, which the Shanghai marketing centre (``centre_4``) is analysing, or of a lead of
that centre or a matter it was told of; where the demo company has no such thing the declared access is compared. After
a change look at the difference that

    python -m tests.architecture.test_access_matrix

writes into the file, and commit it only if you mean every line.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, TypeVar

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FunctionLoader
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

import engine
from app.accounts import queries
from app.bootstrap import registries
from app.complaints.models import Complaint
from app.customers.models import Contact
from app.db import Database
from app.engine_rest.models import TaskFilter
from app.files import service as file_service
from app.imports import files as import_files
from app.imports import service as import_service
from app.leads.models import Lead
from app.matters.models import Matter, MatterCopy
from app.matters.service import copying
from app.notifications.models import Notice
from app.notifications.service import notify
from app.saved_views.service import keep as keep_view
from app.security.guards import PUBLIC, SIGNED_IN, Access
from app.security.identity import API_PREFIX, ENGINE_REST_PREFIX, declared_access
from app.security.identity import EXTENSION as SECURITY
from app.security.models import ApiToken, UserSession
from tests.support import application
from tests.support.rest import token_of

T = TypeVar("T")
REVIEWED = Path(__file__).with_name("access.csv")
COMPLAINT = "CMP-2026-000003"
TOLD = "centre_4"
"""Was told of the matter that is asked for; only the call centre has it."""
OWNER = "shi.jiaqi"
"""Follows up the lead that is asked for."""
PEOPLE = {
    "anonymous": None,
    "employee": "shi.jiaqi",  # of the centre that has the complaint
    "employee_other_centre": "qi.jiahui",
    "call_centre": "li.na",
    "lead": "sun.lihua",  # of customer support
    "supervisor": "xu.wenqiang",  # director of the centre that has the complaint
    "cco": "lin.wanqing",
    "human_resources": "ren.fang",
    "designer": "shi.lei",
    "operator": "kang.ning",
    "administrator": "fang.chen",
}
AGENT = "li.na"
"""Whose own things (a file, an import, a notice, a comment, a session, a token) are asked for."""

LIST = "投诉内容\n坏了\n".encode()
"""A file to import."""

CARRIED: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/api/v1/tasks/<task_id>/complete"): {"values": {}},
    ("PUT", "/api/v1/tasks/<task_id>/draft"): {"values": {}},
    ("POST", "/api/v1/complaints/<number>/messages"): {"name": "complaint_supplement", "values": {"text": "too late"}},
    ("POST", "/engine-rest/message"): {"messageName": "complaint_supplement", "businessKey": COMPLAINT},
    ("POST", "/engine-rest/task/<task_id>/claim"): {"userId": "shi.jiaqi"},
    ("POST", "/engine-rest/task/<task_id>/assignee"): {"userId": "shi.jiaqi"},
    ("POST", "/inbox/tasks/<task_id>/assignee"): {"assignee": "shi.jiaqi", "reason": "holiday"},
    ("POST", "/monitor/tasks/<task_id>/assignee"): {"assignee": "shi.jiaqi", "reason": "holiday"},
    ("POST", "/views"): {"page": "monitor.instances", "title": "Overdue"},
    ("POST", "/complaints/<number>/messages/<name>"): {"text": "too late"},
    ("POST", "/matters/<number>/supplements"): {"text": "too late"},
    ("POST", "/api/v1/matters/<number>/supplements"): {"text": "too late"},
    ("POST", "/api/v1/leads/<number>/follow-ups"): {"channel": "phone", "text": "too late"},
    ("POST", "/api/v1/leads/<number>/return"): {"reason": "too much"},
    ("POST", "/imports"): {"target": "complaints", "file": LIST},
    ("POST", "/api/v1/imports"): {"target": "complaints", "file": LIST},
}
"""What requests carry that are refused for it before anybody asks who may. Everything else is sent without content."""

HEAD = ("route", "method", "access", *PEOPLE)
Row = dict[str, str]


class NothingStays(Database):
    """Every unit of work does what it does and is rolled back at its end."""

    def _attempt(self, work: Callable[[Session], T]) -> tuple[T, list[int]]:
        with Session(self._writers, info={"engine": self.runtime}, expire_on_commit=False) as session:
            result = work(session)
            session.rollback()
            return result, []


@dataclass(frozen=True)
class Things:
    """What addresses can be about: by parameter, and by beginning of the address where a parameter means several."""

    by_name: dict[str, Any]
    by_place: dict[tuple[str, str], Any]

    def values(self, rule: Rule) -> dict[str, Any] | None:
        """The parameters of ``rule``; None when the company has nothing to ask for."""
        found = {name: self._value(rule.rule, name) for name in rule.arguments}
        return None if None in found.values() else found

    def _value(self, address: str, name: str) -> Any:
        for (start, wanted), value in self.by_place.items():
            if wanted == name and address.startswith(start):
                return value
        return self.by_name.get(name)


def own_things(app: Flask, session: Session) -> dict[str, Any]:
    """A file, an import, a notice, a view, a session and a token of :data:`AGENT`, who tells a centre of a matter."""
    principal = queries.principal(session, AGENT)
    assert principal is not None
    target = registries(app).imports.get("complaints")
    assert target is not None
    table = import_files.read(LIST, "list.csv")
    run = import_service.prepare(session, principal, target, table, filename="list.csv", language="zh")
    notify(session, AGENT, "deadline.reminder", {}, dedupe_key="matrix")
    new = session.scalars(select(Matter).where(Matter.kind == "").order_by(Matter.number)).first()
    assert new is not None
    copying.copy(session, new, [TOLD], AGENT)
    task_id = _task(session).id
    engine.execute(session, engine.AddComment(task_id=task_id, message="Look at this", actor=AGENT))
    engine.execute(session, engine.AddAttachment(task_id=task_id, name="Plan", url="https://example.com", actor=AGENT))
    kept = TaskFilter(owner=AGENT, name="Mine", query={}, properties={}, created_at=engine.now(session))
    view = keep_view(session, AGENT, "complaints.index", "Mine", "state=open", shared=False)
    session.add(kept)
    session.flush()
    return {
        "view_id": view.id,
        "comment_id": session.scalars(select(engine.tables.task_comment.c.id)).one(),
        "attachment_id": session.scalars(select(engine.tables.task_attachment.c.id)).one(),
        "filter_id": kept.id,
        "file_id": file_service.keep(session, principal, "photo.txt", b"text").id,
        "run_id": run.id,
        "notice_id": session.scalars(select(Notice.id).where(Notice.recipient == AGENT)).first(),
        "session_id": session.scalars(select(UserSession.id).where(UserSession.login == AGENT)).first(),
        "token_id": session.scalars(select(ApiToken.id).where(ApiToken.login == AGENT)).first(),
    }


def _task(session: Session) -> Any:
    """The open task of the complaint."""
    table = engine.tables.user_task
    found = select(table).where(table.c.business_key == COMPLAINT, table.c.node_id == "analyse_cause")
    return session.execute(found.where(table.c.state == "created")).one()


def things_of(session: Session, own: dict[str, Any]) -> Things:
    """The complaint, its task, its customer, and names of everything else."""
    task = _task(session)
    job = session.scalars(select(engine.tables.job.c.id).where(engine.tables.job.c.instance_id == task.instance_id))
    customer = session.scalars(select(Complaint.customer_id).where(Complaint.number == COMPLAINT)).one()
    contact = session.scalars(select(Contact.id).where(Contact.customer_id == customer)).first()
    matter = session.scalars(select(MatterCopy.number).where(MatterCopy.department_key == TOLD)).first()
    lead = session.scalars(select(Lead.number).where(Lead.owner == OWNER, Lead.state == "open")).first()
    return Things(
        {
            "number": COMPLAINT,
            "task_id": task.id,
            "instance_id": task.instance_id,
            "definition_id": task.definition_id,
            "process_key": "complaint",
            "job_id": max(job),
            "customer_id": customer,
            "contact_id": contact,
            "login": "li.na",
            "filename": "favicon.svg",
            "text": "2026-12-01",
            "kind": "customer",
            "sheet": "0b5f2f3e-6f43-4f0a-9c35-6a1d2c9be001",
            **own,
        },
        {
            ("/calendars", "key"): "office",
            ("/calendars", "number"): 2026,
            ("/admin/departments", "key"): "finance",
            ("/admin/groups", "name"): "finance",
            ("/admin/roles", "name"): "cco",
            ("/engine-rest/process-definition", "key"): "complaint",
            ("/engine-rest/process-instance", "name"): "severity",
            ("/engine-rest/task", "name"): "severity",
            ("/engine-rest/external-task", "task_id"): None,
            ("/complaints", "name"): "complaint_supplement",
            ("/matters", "number"): matter,
            ("/api/v1/matters", "number"): matter,
            ("/leads", "number"): lead,
            ("/api/v1/leads", "number"): lead,
        },
    )


@dataclass(frozen=True)
class Person:
    """Somebody at both entrances: a browser with a session, a program with a token."""

    client: FlaskClient
    cookie: dict[str, str]
    token: dict[str, str]
    permissions: frozenset[str]

    def ask(self, method: str, rule: Rule, address: str) -> TestResponse:
        """One request as a page or a program sends it; what it carries is the same for everybody."""
        carried = dict(CARRIED.get((method, rule.rule), {}))
        program = rule.rule.startswith((API_PREFIX, ENGINE_REST_PREFIX))
        headers = self.token if program else self.cookie
        if "file" in carried:
            carried["file"] = (BytesIO(carried["file"]), "list.csv")
        elif program and method not in ("GET", "DELETE"):
            return self.client.open(address, method=method, headers=headers, json=carried)
        return self.client.open(address, method=method, headers=headers, data=carried)


def person_of(app: Flask, login: str | None) -> Person:
    client = app.test_client(use_cookies=False)  # an answer that takes the cookie away changes nothing here
    if login is None:
        return Person(client, {}, {}, frozenset())
    name = app.extensions[SECURITY].cookie
    session = application.signed_in(app, login).get_cookie(name)
    assert session is not None
    return Person(
        client,
        {"Cookie": f"{name}={session.value}"},
        {"Authorization": f"Bearer {token_of(app, login)}"},
        application.principal_of(app, login).permissions,
    )


def cell(answer: TestResponse, access: Access, *, signed_out: bool = False) -> str:
    """What the answer says about access. A refused empty form (400, 409, 422) was let in.
    ``signed_out``: the address itself leads somebody who was signed in to the sign-in page."""
    if answer.status_code in (403, 404) or answer.status_code >= 500:
        return str(answer.status_code)
    if access == PUBLIC:
        return "allowed"
    if answer.status_code == 401:
        return "401"
    if answer.status_code in (302, 303) and answer.location.startswith("/login") and not signed_out:
        return "login"
    return "allowed"


def declared_cell(person: Person, access: Access, address: str) -> str:
    """What the declared access says, for addresses about things that the demo company does not have."""
    if access == PUBLIC:
        return "allowed"
    if not person.token:
        return "401" if address.startswith((API_PREFIX, ENGINE_REST_PREFIX)) else "login"
    return "allowed" if access == SIGNED_IN or access.permission in person.permissions else "403"


def routes(app: Flask) -> list[tuple[Rule, str]]:
    found = [
        (rule, method) for rule in app.url_map.iter_rules() for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    ]
    return sorted(found, key=lambda pair: (pair[0].rule, pair[1]))


def matrix(app: Flask) -> list[Row]:
    """One row for each route and method."""
    app.config["WTF_CSRF_ENABLED"] = False  # who may is asked here; that forms carry tokens is another test
    app.jinja_env.loader, app.jinja_env.cache = FunctionLoader(lambda _name: ""), None  # nobody reads the pages
    people = {name: person_of(app, login) for name, login in PEOPLE.items()}
    real = application.database_of(app)
    with app.test_request_context():
        own = real.write(lambda session: own_things(app, session))
    with real.read() as session:
        things = things_of(session, own)
    app.extensions["keliu.database"] = NothingStays(
        real.engine.url.render_as_string(hide_password=False), real.runtime, synchronous="OFF"
    )
    rows = []
    for rule, method in routes(app):
        access = declared_access(app, rule.endpoint, method)
        assert access is not None, f"{method} {rule.rule} declares no access"
        row = {"route": rule.rule, "method": method, "access": str(access)}
        values = things.values(rule)
        for name, person in people.items():
            if values is None:
                row[name] = declared_cell(person, access, rule.rule)
                continue
            with app.test_request_context():
                address = app.url_for(rule.endpoint, **values)
            signed_out = rule.endpoint == "accounts.sign_out" and bool(person.token)
            with person.ask(method, rule, address) as answer:
                row[name] = cell(answer, access, signed_out=signed_out)
        rows.append(row)
    application.database_of(app).dispose()
    app.extensions["keliu.database"] = real
    return rows


def reviewed() -> list[Row]:
    with REVIEWED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def by_route(rows: list[Row]) -> dict[str, Row]:
    return {f"{row['method']} {row['route']}": row for row in rows}


@pytest.mark.slow
def test_every_route_lets_in_exactly_whom_the_reviewed_file_says(app: Flask) -> None:
    found, expected = by_route(matrix(app)), by_route(reviewed())
    unknown = sorted(found.keys() - expected.keys())
    assert unknown == [], "routes that nobody reviewed: see the top of this file"
    gone = sorted(expected.keys() - found.keys())
    assert gone == [], "reviewed routes that are no more: see the top of this file"
    different = [
        f"{route} for {column}: {found[route][column]}, reviewed: {row[column]}"
        for route, row in expected.items()
        for column in HEAD[2:]
        if found[route][column] != row[column]
    ]
    assert different == []


def test_no_reviewed_cell_is_a_mistake_of_the_server() -> None:
    words = {"allowed", "403", "404", "login", "401"}
    assert {row[column] for row in reviewed() for column in PEOPLE} <= words


def test_what_is_not_public_is_closed_to_strangers() -> None:
    open_to_strangers = [
        row["route"] for row in reviewed() if row["access"] != "public" and row["anonymous"] == "allowed"
    ]
    assert open_to_strangers == []


def test_another_centre_does_not_learn_that_the_complaint_exists() -> None:
    """Addresses about the complaint, its instance and its task."""
    about = (
        "/complaints/<number>",
        "/api/v1/complaints/<number>",
        "/matters/<number>",
        "/api/v1/matters/<number>",
        "/api/v1/tasks/<",
        "/engine-rest/task/<",
        "/inbox/tasks/<",
    )
    rows = [row for row in reviewed() if row["route"].startswith(about)]
    assert rows
    for column in ("employee_other_centre", "administrator"):
        assert {row[column] for row in rows} <= {"404", "403"}
        assert {row["employee"] for row in rows if row["method"] == "GET"} <= {"allowed", "404"}
    assert {row["employee_other_centre"] for row in rows if row["method"] == "GET"} == {"404"}


def test_administrators_have_accounts_and_nothing_else() -> None:
    business = ("/complaints", "/matters", "/customers", "/inbox", "/calendars", "/imports")
    for row in reviewed():
        if row["route"].startswith("/admin"):
            let_in = {"administrator", "operator"} if row["access"] == "notification.manage" else {"administrator"}
            assert {row[name] for name in PEOPLE if name not in let_in | {"anonymous"}} == {"403"}
        if row["route"].startswith(business) and row["access"] not in ("signed_in", "public"):
            assert row["administrator"] == "403", row["route"]


def regenerate() -> None:
    """Write what is true now into the reviewed file."""
    with tempfile.TemporaryDirectory() as folder:
        databases = application.Databases(Path(folder), _no_server)
        clock = engine.VirtualClock(application.DEMO_LOADED)
        with application.running_app(databases, "sqlite", clock) as app:
            rows = matrix(app)
    with REVIEWED.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEAD, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _no_server() -> Any:
    raise RuntimeError("the matrix is made on SQLite")


if __name__ == "__main__":
    regenerate()
