"""The page of a test run: everything it shows, read while the test run is open."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import render_template, url_for
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session

import engine
from app import completing, formkit
from app.business_objects import FormContext
from app.calendars import queries as calendars
from app.formkit import Field, FieldType, FormDocument, Text, widgets
from app.sandbox import happenings, papers, people, queries, running, service
from app.sandbox.models import Sandbox
from app.sandbox.queries import Waiting
from app.sandbox.steps import Doing
from app.security import Principal
from app.web.i18n import language

PREFIX = "f-"
"""Before the names of the fields of a form that is tried: the page has fields of its own."""
VALUES = FormDocument(
    "trial/values",
    Text("数据", "Values"),
    (
        Field(
            name="values",
            type=FieldType.ROWS,
            label=Text("数据", "Values"),
            help=Text("数值可写成 JSON；其他按文本处理", "A value may be JSON; anything else is text"),
            maximum=50,
            fields=(
                Field(name="name", type=FieldType.TEXT, label=Text("变量名", "Name"), required=True, maximum=100),
                Field(name="value", type=FieldType.TEXT, label=Text("值", "Value"), maximum=10_000),
            ),
        ),
    ),
)
"""What a message or a program outside brings along."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the reader wants to see and do: ``doing`` something at ``place`` (``process/node/nth``) as ``who``.
    ``typed``: what came back refused, with ``errors`` at the fields."""

    doing: Doing | None = None
    place: str = ""
    name: str = ""
    who: str = ""
    instance: str = ""
    month: str = ""
    calendar: str = calendars.OFFICE
    typed: Mapping[str, Any] | None = None
    errors: Mapping[str, Sequence[Any]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is being done: a heading, the people who can do it, and the drawn form."""

    doing: Doing
    place: str
    name: str
    heading: str
    who: str
    people: tuple[people.Person, ...]
    form: Markup
    errors: Mapping[str, Sequence[Any]]


def page(session: Session, sandbox: Sandbox, asked: Asked) -> dict[str, Any]:
    """Everything the page shows; ``session`` is the test run's."""
    instances = queries.instances(session)
    tasks, messages, services = queries.tasks(session), queries.messages(session), queries.services(session)
    timers = queries.timers(session)
    entries = happenings.timeline(session)
    month = _month(session, asked.month)
    shown = next((row for row in instances if row.id == asked.instance), instances[0] if instances else None)
    return {
        "now": engine.now(session),
        "instances": instances,
        "shown": shown,
        "variables": _variables(shown),
        "tasks": tasks,
        "messages": messages,
        "services": services,
        "timers": timers,
        "next_moment": queries.next_moment(timers),
        "troubles": queries.troubles(session),
        "entries": entries,
        "month": happenings.month(session, month, [*entries, *happenings.planned(session)], asked.calendar),
        "calendars": [(row.key, row.name(language())) for row in calendars.calendars(session)],
        "calendar": asked.calendar,
        "starts": _starts(session, sandbox),
        "chosen": _chosen(session, sandbox, asked, (*tasks, *messages, *services)),
    }


def fields(session: Session, sandbox: Sandbox, asked: Asked) -> Markup:
    """The form again, with the fields that the answers given so far ask for."""
    document, context, principal = form_of(session, sandbox, asked)
    return _drawn(document, context, principal, sandbox, asked)


def form_of(session: Session, sandbox: Sandbox, asked: Asked) -> tuple[FormDocument | None, FormContext, Principal]:
    """The form for what is being done, what it starts with, and the person who fills it in. A task may have none."""
    if asked.doing is Doing.COMPLETE:
        task = running.task_of(session, running.at_place(asked.place))
        principal = people.of_task(session, task, asked.who)
        with people.acting(principal):
            form = completing.form_of(session, principal, service.objects(), task)
        return (papers.with_samples(form.document) if form.document else None), form.context, principal
    principal = people.principal(session, asked.who)
    if asked.doing is Doing.START and service.objects().get(sandbox.process_key) is not None:
        first = running.first_form(session, sandbox.process_key)
        return (papers.with_samples(first) if first else VALUES), FormContext(), principal
    return VALUES, FormContext(), principal


def values_of(document: FormDocument | None, payload: Mapping[str, Any]) -> dict[str, Any]:
    """What was filled in, as a step keeps it: rows of names and values become values by name. Raises FieldErrors."""
    if document is not VALUES:
        return dict(payload)
    rows = formkit.bind(VALUES, payload).values["values"] or []
    return {str(row["name"]): _value(row.get("value")) for row in rows}


def _value(text: Any) -> Any:
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError):
        return text


def _chosen(session: Session, sandbox: Sandbox, asked: Asked, waiting: Sequence[Waiting]) -> Chosen | None:
    """What is being done, if it can be done now."""
    doing = asked.doing
    if doing is None:
        return None
    if doing is Doing.START:
        found, heading = _starters(session, sandbox), _("Start the process")
    else:
        row = next((one for one in waiting if one.place == asked.place and one.name == asked.name), None)
        if row is None:
            return None
        found, heading = _people(session, row, asked), row.step
    if asked.who not in {person.value for person in found}:
        asked = replace(asked, who=found[0].value if found else "")
    document, context, principal = form_of(session, sandbox, asked)
    drawn = _drawn(document, context, principal, sandbox, asked)
    errors = {PREFIX + name if name else "": messages for name, messages in asked.errors.items()}
    return Chosen(doing, asked.place, asked.name, heading, asked.who, found, drawn, errors)


def _drawn(
    document: FormDocument | None, context: FormContext, principal: Principal, sandbox: Sandbox, asked: Asked
) -> Markup:
    """The form as the task's page would draw it for that person."""
    if document is None:
        return Markup("")
    values = {**context.values, **(asked.typed or {})}
    with people.acting(principal):
        found = widgets.draw(document, values, asked.errors, context.overrides, principal.groups)
        renamed = widgets.renamed(found, PREFIX, lambda kind: _options_url(sandbox, kind, asked.who))
        url = url_for("designer.trial_fields", draft_id=sandbox.draft_id)
        errors = {"": asked.errors.get("", [])}
        return Markup(render_template("designer/_trial_fields.html", widgets=renamed, errors=errors, url=url))


def _options_url(sandbox: Sandbox, kind: str, who: str) -> str:
    return url_for("designer.trial_options", draft_id=sandbox.draft_id, kind=kind, who=who)


def _people(session: Session, row: Waiting, asked: Asked) -> tuple[people.Person, ...]:
    if asked.doing is Doing.COMPLETE:
        return people.for_task(session, running.task_of(session, running.at_place(asked.place)))
    return _likeliest_first(people.everybody(session), engine.queries.instance(session, row.instance_id).started_by)


def _starters(session: Session, sandbox: Sandbox) -> tuple[people.Person, ...]:
    groups = running.first_groups(session, sandbox.process_key)
    likely = people.who_may_start(session, service.objects().get(sandbox.process_key), groups)
    return _likeliest_first(people.everybody(session), likely)


def _likeliest_first(found: tuple[people.Person, ...], login: str) -> tuple[people.Person, ...]:
    return tuple(sorted(found, key=lambda person: person.value != login))


def _starts(session: Session, sandbox: Sandbox) -> list[tuple[str, str]]:
    """The ways the process starts: (message, label), by hand first."""
    definition = engine.queries.latest_definition(session, sandbox.process_key)
    return [("", _("Start")), *((name, name) for name in definition.start_messages)]


def _variables(shown: queries.Instance | None) -> list[tuple[str, str]]:
    variables = shown.variables if shown else {}
    return [
        (name, json.dumps(value, ensure_ascii=False, default=str)[:500]) for name, value in sorted(variables.items())
    ]


def _month(session: Session, wanted: str) -> date:
    """The first of the month asked for (``2027-05``), else of the month the test run has come to."""
    here = engine.now(session).astimezone(ZoneInfo(engine.runtime(session).zone)).date()
    try:
        found = datetime.strptime(wanted, "%Y-%m").date() if wanted else here  # noqa: DTZ007  # a month has no zone
    except ValueError:
        found = here
    return found.replace(day=1) if 2000 <= found.year <= 2100 else here.replace(day=1)
