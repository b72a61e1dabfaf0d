"""The boxes: lists, counts, live refresh, and where a person starts something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

import engine
from app import db
from app.business_objects import objects
from app.errors import NotVisible
from app.inbox import presentation, queries, service
from app.inbox.queries import Asked, Box
from app.process_names import step_name
from app.security import current, polling, requires
from app.web.rendering import unless_known

blueprint = Blueprint("inbox", __name__, url_prefix="/inbox", template_folder="templates")

DUE_FILTERS = ("overdue", "today", "none")


@dataclass(frozen=True, slots=True)
class Step:
    """A step to filter by."""

    value: str
    label: str


@blueprint.get("")
@requires("task.work")
def index() -> ResponseReturnValue:
    """One box of the person, with counts of all."""
    return render_template("inbox/index.html", **_box(db.session(), _asked()))


@blueprint.get("/rows")
@requires("task.work")
@polling
def rows() -> ResponseReturnValue:
    """The list of a box, asked again every few seconds: 304 while nothing has changed."""
    html = render_template("inbox/_list.html", **_box(db.session(), _asked()))
    return unless_known(html)


@blueprint.get("/start")
@requires("task.work")
def start() -> ResponseReturnValue:
    """The processes this person may start."""
    return render_template("inbox/start.html", processes=service.startable(db.session(), current(), objects()))


@blueprint.post("/start/<process_key>")
@requires("task.work")
def start_process(process_key: str) -> ResponseReturnValue:
    """Start a process that has no business object; those with one are started by their own form."""
    session, principal = db.session(), current()
    found = {one.key: one for one in service.startable(session, principal, objects())}
    if process_key not in found or found[process_key].url:
        raise NotVisible()
    result = engine.execute(session, engine.StartProcess(process_key=process_key, actor=principal.login))
    mine = [task for task in result.created if service.may_work(principal, engine.queries.task(session, task.id))]
    target = url_for("inbox.task", task_id=mine[0].id) if mine else url_for("inbox.index", box=Box.STARTED)
    return redirect(target, 303)


def _asked() -> Asked:
    args = request.args
    box = args.get("box", "")
    due = args.get("due", "")
    process_key, _, node_id = args.get("step", "")[:201].partition("/")
    return Asked(
        box=Box(box) if box in set(Box) else Box.TODO,
        q=args.get("q", "")[:200].replace("\x00", ""),
        process_key=process_key.replace("\x00", ""),
        node_id=node_id.replace("\x00", ""),
        due=due if due in DUE_FILTERS else "",
        sort=args.get("sort", ""),
        after=args.get("after", "")[:500],
    )


def _box(session: Session, asked: Asked) -> dict[str, Any]:
    """Everything the list shows."""
    principal, known = current(), objects()
    found: dict[str, Any] = {
        "asked": asked,
        "counts": queries.counts(session, principal, known),
        "filtered": bool(asked.q or asked.node_id or asked.due),
        "query": _query(asked),
        "most": queries.MOST_COUNTED,
    }
    found["total"] = found["counts"][asked.box]
    if found["filtered"]:
        found["total"] = queries.total(session, principal, known, asked, most=queries.MOST_COUNTED)
    if asked.box is Box.STARTED:
        page = queries.started(session, principal, known, asked)
        return found | {"lines": presentation.started_lines(session, principal, known, page.rows), "next": page.next}
    tasks = queries.tasks(session, principal, known, asked)
    lines = presentation.task_lines(session, principal, known, tasks.rows)
    return found | {"lines": lines, "next": tasks.next, "steps": _steps(session, asked.box)}


def _steps(session: Session, box: Box) -> list[Step]:
    found = queries.steps(session, current(), objects(), box)
    return [Step(f"{key}/{node}", step_name(session, definition, node)) for key, node, definition in found]


def _query(asked: Asked) -> dict[str, str]:
    """The parameters that show the same list again."""
    step = f"{asked.process_key}/{asked.node_id}" if asked.node_id else ""
    given = {
        "box": str(asked.box),
        "q": asked.q,
        "step": step,
        "due": asked.due,
        "sort": asked.sort,
        "after": asked.after,
    }
    return {name: value for name, value in given.items() if value}


def menu_count(session: Session) -> int | None:
    """How much there is to do, for the menu."""
    if "inbox_to_do" not in g:  # the menu is drawn twice, for wide and for narrow screens
        g.inbox_to_do = queries.total(session, current(), objects(), Asked(Box.TODO), most=queries.MOST_COUNTED)
    return g.inbox_to_do or None
