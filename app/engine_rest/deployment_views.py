"""``/deployment``: files from a modeller or a script become new versions. For holders of ``process.deploy``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from flask import Response, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Row, select

import engine
from app import db, formkit
from app.engine_rest import queries, represent, requests
from app.engine_rest.context import blueprint
from app.engine_rest.errors import BadRequest, Missing, refusal
from app.engine_rest.history_vocabulary import DEPLOYMENT
from app.engine_rest.listing import Listing, each, offer
from app.engine_rest.values import moment
from app.security import current, requires
from engine import findings
from engine.tables import deployment as deployment_table
from engine.tables import process_definition, process_definition_part

DEPLOY = "process.deploy"
KNOWN = frozenset(
    {
        "deployment-name",
        "deployment-source",
        "enable-duplicate-filtering",
        "deploy-changed-only",
        "tenant-id",
        "deployment-activation-time",
    }
)
REFUSED = ("tenant-id", "deployment-activation-time")


@blueprint.post("/deployment/create")
@requires(DEPLOY)
def create_deployment() -> ResponseReturnValue:
    """Deploy the files of a multipart form together."""
    return _deploy(_files(), _said("deployment-name"), _said("deployment-source"))


def _said(name: str) -> str | None:
    return request.form.get(name, "").replace("\x00", "")[:200] or None


def _visible(deployment_id: str) -> Row[Any]:
    row = queries.one(db.session(), queries.deployments({}), deployment_table.c.id, deployment_id)
    if row is None:
        raise Missing(f"Deployment with id '{deployment_id[:100]}' does not exist")
    return row


def _deploy(files: dict[str, bytes], name: str | None, source: str | None) -> ResponseReturnValue:
    if broken := list(formkit.problems_in(files)):
        return _broken_forms(broken)
    command = engine.Deploy(name=name or next(iter(files)), files=files, source=source, actor=current().login)
    try:
        result = engine.execute(db.session(), command).deployment
    except engine.DeploymentRefused as refused:
        return _refused(refused)
    assert result is not None
    return jsonify(_deployed(result, source))


DEPLOYMENTS = Listing(DEPLOYMENT, queries.deployments, each(represent.deployment))
offer("/deployment", DEPLOYMENTS, requires(DEPLOY), by_body=False)


@blueprint.get("/deployment/registered")
@requires(DEPLOY)
def registered_deployments() -> ResponseReturnValue:
    """Every deployment: they are all used."""
    ids = db.session().scalars(select(deployment_table.c.id).order_by(deployment_table.c.deployed_at))
    return jsonify(list(ids))


@blueprint.post("/deployment/<deployment_id>/redeploy")
@requires(DEPLOY)
def redeploy(deployment_id: str) -> ResponseReturnValue:
    """Deploy the files of an earlier deployment again, or some of them: what changed since is taken back."""
    row, given = _visible(deployment_id), requests.only(requests.body(), {"source", "resourceIds", "resourceNames"})
    ids, names = requests.texts(given, "resourceIds"), requests.texts(given, "resourceNames")
    files = _contents(deployment_id)
    if unknown := [one for one in names if one not in files] + sorted(set(ids) - {_id(one) for one in files}):
        raise Missing(f"Deployment resource '{unknown[0][:100]}' does not exist.")
    chosen = {name: files[name] for name in files if name in names or _id(name) in ids} or files
    return _deploy(chosen, row.name, requests.text(given, "source") or row.source)


@blueprint.get("/deployment/<deployment_id>")
@requires(DEPLOY)
def deployment(deployment_id: str) -> ResponseReturnValue:
    """One deployment."""
    return jsonify(represent.deployment(_visible(deployment_id)))


@blueprint.get("/deployment/<deployment_id>/resources")
@requires(DEPLOY)
def resources(deployment_id: str) -> ResponseReturnValue:
    """Its files."""
    return jsonify(
        [{"id": _id(name), "name": name, "deploymentId": deployment_id} for name in sorted(_contents(deployment_id))]
    )


@blueprint.get("/deployment/<deployment_id>/resources/<resource_id>")
@requires(DEPLOY)
def resource(deployment_id: str, resource_id: str) -> ResponseReturnValue:
    """One of them."""
    name, _content = _resource(deployment_id, resource_id)
    return jsonify(id=resource_id, name=name, deploymentId=deployment_id)


@blueprint.get("/deployment/<deployment_id>/resources/<resource_id>/data")
@requires(DEPLOY)
def resource_data(deployment_id: str, resource_id: str) -> ResponseReturnValue:
    """Its content, to be saved."""
    name, content = _resource(deployment_id, resource_id)
    response = Response(content, content_type="application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=name.rpartition("/")[2])
    return response


def _files() -> dict[str, bytes]:
    unknown = sorted(set(request.form) - KNOWN)
    if unknown:
        raise BadRequest(f"Unknown form field '{unknown[0][:80]}'. Known: {', '.join(sorted(KNOWN))}, and files")
    given = [name for name in REFUSED if request.form.get(name)]
    if given:
        raise BadRequest(f"'{given[0]}' is not supported")
    found: dict[str, bytes] = {}
    for field, upload in request.files.items(multi=True):
        name = (upload.filename or field).replace("\\", "/")
        if name in found:
            raise BadRequest(f"Two files are called '{name[:80]}'")
        found[name] = upload.read()
    if not found:
        raise BadRequest("No files: send at least one BPMN file as multipart/form-data")
    return found


def _deployed(result: engine.Deployment, source: str | None) -> dict[str, Any]:
    """An unchanged deployment answers with the one that has its processes, and no new definitions, as in Camunda."""
    deployment_id = result.id or result.definitions[0].deployment_id
    link = url_for("engine_rest.deployment", deployment_id=deployment_id, _external=True)
    new = [row for row in result.definitions if result.changed and row.deployment_id == result.id]
    return {
        "links": [{"method": "GET", "href": link, "rel": "self"}],
        "id": deployment_id,
        "name": result.name,
        "source": source if result.changed else _visible(deployment_id).source,
        "deploymentTime": moment(result.deployed_at),
        "tenantId": None,
        "deployedProcessDefinitions": {row.id: represent.definition(row) for row in new} or None,
        "deployedCaseDefinitions": None,
        "deployedDecisionDefinitions": None,
        "deployedDecisionRequirementsDefinitions": None,
    }


def _refused(error: engine.DeploymentRefused) -> Response:
    """Camunda's ParseException: problems by file, each with the element it is about."""
    details: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for finding in error.findings:
        report = details.setdefault(finding.file, {"errors": [], "warnings": []})
        report["errors" if finding.severity == "error" else "warnings"].append(_problem(finding))
    lines = [f"* {findings.word(finding, 'en')} | {finding.file}" for finding in error.findings]
    message = "ENGINE-09005 Could not parse BPMN process. Errors:\n" + "\n".join(lines)
    return refusal(400, "ParseException", message, details=details)


def _broken_forms(broken: list[tuple[str, formkit.Problem]]) -> Response:
    """A form that nobody could open is refused like a process that nobody could run."""
    details: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for file, problem in broken:
        said = {"message": f"{problem.path}: {problem.message}", "line": 0, "column": 0, "elementIds": []}
        details.setdefault(file, {"errors": [], "warnings": []})["errors"].append(said)
    lines = [f"* {problem.path}: {problem.message} | {file}" for file, problem in broken]
    return refusal(400, "ParseException", "Could not parse form. Errors:\n" + "\n".join(lines), details=details)


def _problem(finding: engine.Finding) -> dict[str, Any]:
    return {
        "message": findings.word(finding, "en"),
        "line": finding.line or 0,
        "column": 0,
        "mainElementId": finding.element,
        "elementIds": [finding.element] if finding.element else [],
    }


def _contents(deployment_id: str) -> dict[str, bytes]:
    """The files of a deployment by name. Raises :class:`Missing`."""
    found = dict(_rows(deployment_id))
    if not found:
        raise Missing(f"Deployment resources for deployment id '{deployment_id[:100]}' do not exist.")
    return found


def _rows(deployment_id: str) -> Iterator[tuple[str, bytes]]:
    definition, part, session = process_definition.c, process_definition_part.c, db.session()
    here = definition.deployment_id == deployment_id
    for row in session.execute(select(definition.resource, definition.xml).where(here)):
        yield row.resource, bytes(row.xml)
    joined = select(part.resource, part.content).join(process_definition, definition.id == part.definition_id)
    for row in session.execute(joined.where(here)):
        yield row.resource, bytes(row.content)


def _resource(deployment_id: str, resource_id: str) -> tuple[str, bytes]:
    for name, content in _contents(deployment_id).items():
        if _id(name) == resource_id:
            return name, content
    raise Missing(f"Deployment resource with resource id '{resource_id[:100]}' does not exist.")


def _id(name: str) -> str:
    """Names may contain slashes; an address needs something shorter."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]
