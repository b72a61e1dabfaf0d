"""Try it: a draft runs with the real engine, on a clock of its own, and leaves no trace."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask import Response, flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy.orm import Session

import app.db as db
import engine
from app import formkit
from app.db.request import close_reader
from app.designer import gate, queries, trial, trial_words
from app.designer.models import Draft
from app.designer.trial import PREFIX, Asked
from app.designer.views.blueprint import DEPLOYS, blueprint
from app.designer.views.checking import base_of
from app.errors import FieldErrors, NotVisible
from app.formkit import FormDocument, references
from app.process_names import element_names
from app.sandbox import people, running, service, steps, world
from app.sandbox.models import Sandbox
from app.sandbox.steps import Doing, Step
from app.security import current, requires

PEOPLE = "user_task"
"""Where people have to act comes first: the diagram shows that part."""


@blueprint.get("/drafts/<int:draft_id>/try", endpoint="trial")
@requires(DEPLOYS)
def show_trial(draft_id: int) -> ResponseReturnValue:
    """The test run as it stands, or how to begin one."""
    draft = queries.draft(db.session(), draft_id)
    if mine(draft_id) is None:
        return render_template("designer/trial_begin.html", draft=draft, errors=())
    return _page(draft, asked_in(request.args))


@blueprint.post("/drafts/<int:draft_id>/try")
@requires(DEPLOYS)
@db.without_unit_of_work
def trial_begin(draft_id: int) -> ResponseReturnValue:
    """Begin, or begin again, with the draft as it is now."""
    draft = queries.draft(db.session(), draft_id)
    try:
        _begin(draft)
    except engine.DeploymentRefused:
        findings = [one for one in _found(draft) if one.severity == "error"]
        return render_template("designer/trial_begin.html", draft=draft, errors=trial_words.findings(findings)), 422
    except service.REFUSALS as refused:
        return render_template("designer/trial_begin.html", draft=draft, errors=[trial_words.refusal(refused)]), 422
    return _back(draft_id)


def _begin(draft: Draft) -> None:
    files = queries.contents(db.session(), draft.id)
    if not draft.process_key:
        raise NotVisible()
    service.begin(db.database(), current().login, draft.id, draft.process_key, files)


def _found(draft: Draft) -> tuple[engine.Finding, ...]:
    session = db.session()
    return gate.check(session, queries.contents(session, draft.id), base_of(session, draft))


@blueprint.post("/drafts/<int:draft_id>/try/steps")
@requires(DEPLOYS)
@db.without_unit_of_work
def trial_step(draft_id: int) -> ResponseReturnValue:
    """Do one step; what was refused comes back with what was typed."""
    sandbox, asked = known(draft_id), asked_in(request.form)
    try:
        step = _step(sandbox, asked)
        if step is None:
            return _page(queries.draft(db.session(), draft_id), _typed(sandbox, asked, {}))
        trial_words.say(service.do(db.database(), sandbox, _revision(), step), step)
    except FieldErrors as refused:
        if asked.doing in (None, Doing.PASS):
            flash(trial_words.refusal(refused), "error")
            return _back(draft_id)
        again = _typed(sandbox, asked, refused.errors)
        return _page(queries.draft(db.session(), draft_id), again), 422
    except (*service.REFUSALS, service.MovedOn) as refused:
        flash(trial_words.refusal(refused), "error")
        return _back(draft_id, do=asked.doing, place=asked.place, name=asked.name, who=asked.who)
    return _back(draft_id)


@blueprint.post("/drafts/<int:draft_id>/try/fields")
@requires(DEPLOYS)
@db.without_unit_of_work
def trial_fields(draft_id: int) -> ResponseReturnValue:
    """The form again, with the fields that the answers given so far ask for."""
    sandbox = known(draft_id)
    again = _typed(sandbox, asked_in(request.form), {})
    with _inside(sandbox) as session:
        return str(trial.fields(session, sandbox, again))


@blueprint.post("/drafts/<int:draft_id>/try/undo")
@requires(DEPLOYS)
@db.without_unit_of_work
def trial_undo(draft_id: int) -> ResponseReturnValue:
    """Take the last step back."""
    try:
        service.undo(db.database(), known(draft_id), _revision())
    except (service.MovedOn, service.Full) as refused:
        flash(trial_words.refusal(refused), "error")
    return _back(draft_id)


@blueprint.post("/drafts/<int:draft_id>/try/close")
@requires(DEPLOYS)
@db.without_unit_of_work
def trial_close(draft_id: int) -> ResponseReturnValue:
    """The test run is gone."""
    service.close(db.database(), current().login, draft_id)
    flash(_("The test run was closed. Nothing of it is left."), "success")
    return redirect(url_for("designer.draft", draft_id=draft_id), 303)


@blueprint.get("/drafts/<int:draft_id>/try/scenario.json")
@requires(DEPLOYS)
def trial_scenario(draft_id: int) -> ResponseReturnValue:
    """The steps done so far, to be done again elsewhere."""
    sandbox = known(draft_id)
    content = json.dumps(steps.scenario(sandbox.process_key, sandbox.steps), ensure_ascii=False, indent=1)
    headers = {"Content-Disposition": 'attachment; filename="scenario.json"'}
    return Response(content, mimetype="application/json", headers=headers)


@blueprint.post("/drafts/<int:draft_id>/try/scenario")
@requires(DEPLOYS)
@db.without_unit_of_work
def trial_replay(draft_id: int) -> ResponseReturnValue:
    """Begin again and do the steps of an uploaded scenario, as far as they can be done."""
    uploaded = request.files.get("scenario")
    try:
        found = steps.read_scenario(uploaded.read(steps.MOST_BYTES + 1) if uploaded else b"")
        _begin(queries.draft(db.session(), draft_id))
        close_reader()
        trial_words.say_replayed(service.replay(db.database(), known(draft_id), found))
    except service.REFUSALS as refused:
        flash(trial_words.refusal(refused), "error")
    return _back(draft_id)


@blueprint.get("/drafts/<int:draft_id>/try/diagram.bpmn")
@requires(DEPLOYS)
def trial_diagram(draft_id: int) -> ResponseReturnValue:
    """The BPMN file of the instance shown."""
    with _inside(known(draft_id)) as session:
        xml = engine.queries.definition_xml(session, _instance(session).definition_id)
    return Response(xml, mimetype="application/xml")


@blueprint.get("/drafts/<int:draft_id>/try/state.json")
@requires(DEPLOYS)
def trial_state(draft_id: int) -> ResponseReturnValue:
    """Where it stands and where it has been."""
    with _inside(known(draft_id)) as session:
        found = _instance(session)
        standing = sorted(engine.queries.tokens(session, found.id), key=lambda token: token.state != PEOPLE)
        passed = sorted(engine.queries.passed(session, found.id))
    return jsonify(tokens=[{"node": token.node_id, "state": token.state} for token in standing], passed=passed)


@blueprint.get("/drafts/<int:draft_id>/try/names.json")
@requires(DEPLOYS)
def trial_names(draft_id: int) -> ResponseReturnValue:
    """Names of its elements in the reader's language."""
    with _inside(known(draft_id)) as session:
        return jsonify(element_names(session, _instance(session).definition_id))


@blueprint.get("/drafts/<int:draft_id>/try/references/<kind>")
@requires(DEPLOYS)
def trial_options(draft_id: int, kind: str) -> ResponseReturnValue:
    """What a reference field may hold for that person: things of the test run, never of the company."""
    if references.source(kind) is None:
        raise NotVisible()
    words = request.args.get("q", "")
    with _inside(known(draft_id)) as session:
        person = people.principal(session, request.args.get("who", "")[:100])
        found = references.search(session, person, kind, words)
        return render_template("formkit/_options.html", choices=found, words=words)


def mine(draft_id: int) -> Sandbox | None:
    """The reader's own test run of this draft, if there is one."""
    return service.found(db.session(), current().login, draft_id)


def known(draft_id: int) -> Sandbox:
    """The reader's own test run of this draft. Raises NotVisible."""
    found = mine(draft_id)
    if found is None:
        raise NotVisible()
    return found


def asked_in(given: Any) -> Asked:
    """What an address or a posted form asks for."""
    doing = given.get("do", "")
    return Asked(
        doing=Doing(doing) if doing in set(Doing) else None,
        place=given.get("place", "")[:310],
        name=given.get("name", "")[:200],
        who=given.get("who", "")[:100],
        instance=given.get("instance", "")[:36],
        month=given.get("month", "")[:7],
        calendar=given.get("calendar", "office")[:60],
    )


@contextmanager
def _inside(sandbox: Sandbox) -> Iterator[Session]:
    """A session of the test run, for reading."""
    company = db.database()
    with company.read() as session:
        state, around = service.state_of(session, sandbox), engine.runtime(session)
    with world.opened(state, sandbox.at, around) as opened, opened.database.read() as session:
        yield session


def _posted(sandbox: Sandbox, asked: Asked, *, keep_empty_rows: bool) -> tuple[FormDocument | None, dict[str, Any]]:
    """The form that was filled in, and what was."""
    with _inside(sandbox) as session:
        document = trial.form_of(session, sandbox, asked)[0]
    if document is None:
        return None, {}
    given = formkit.without_prefix(request.form, PREFIX)
    return document, formkit.from_html(document, given, keep_empty_rows=keep_empty_rows)


def _typed(sandbox: Sandbox, asked: Asked, errors: Mapping[str, Sequence[Any]]) -> Asked:
    """What was asked, with what was typed."""
    payload = _posted(sandbox, asked, keep_empty_rows=True)[1]
    return replace(asked, typed=payload, errors=errors)


def _step(sandbox: Sandbox, asked: Asked) -> Step | None:
    """What is to be done; None when only the form is to be drawn again. Raises FieldErrors."""
    until = request.form.get("until", "")
    if asked.doing is Doing.PASS:
        return Step(do=Doing.PASS, until=(request.form.get("moment", "") if until == "moment" else until)[:40])
    if asked.doing is None:
        raise FieldErrors({"": [_("Choose what to do.")]})
    if formkit.is_redraw(request.form):
        return None
    document, payload = _posted(sandbox, asked, keep_empty_rows=False)
    values = trial.values_of(document, payload)
    name = request.form.get("error_code", "").strip()[:200] if asked.doing is Doing.ANSWER else asked.name
    return running.at_place(asked.place, do=asked.doing, who=asked.who, name=name, values=values)


def _page(draft: Draft, asked: Asked) -> str:
    sandbox, session = known(draft.id), db.session()
    changed = service.digest_of(queries.contents(session, draft.id)) != sandbox.digest
    can_undo = bool(sandbox.steps) and service.oldest_state(session, sandbox) < len(sandbox.steps)
    with _inside(sandbox) as inside:
        shown = trial.page(inside, sandbox, asked)
    return render_template(
        "designer/trial.html", draft=draft, sandbox=sandbox, asked=asked, changed=changed, can_undo=can_undo, **shown
    )


def _instance(session: Session) -> engine.InstanceRow:
    return engine.queries.instance(session, request.args.get("instance", "")[:36])


def _revision() -> int:
    given = request.form.get("revision", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1


def _back(draft_id: int, **shown: Any) -> ResponseReturnValue:
    return redirect(url_for("designer.trial", draft_id=draft_id, **{k: v for k, v in shown.items() if v}), 303)
