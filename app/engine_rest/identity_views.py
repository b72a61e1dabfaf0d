"""``/user``, ``/group``, ``/identity``: oneself; everybody for those who give tasks to others or manage accounts."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from flask_babel import get_locale

import engine
from app import db
from app.accounts import queries as accounts
from app.engine_rest import requests
from app.engine_rest.context import blueprint
from app.engine_rest.errors import BadRequest, Missing
from app.security import credentials, current, signed_in

KNOWS_ALL = ("task.reassign", "account.manage")
USER_FILTERS = frozenset({"id", "idIn", "memberOfGroup", "firstResult", "maxResults", "sortBy", "sortOrder"})
GROUP_FILTERS = frozenset({"id", "idIn", "member", "name", "firstResult", "maxResults", "sortBy", "sortOrder"})


@blueprint.get("/user")
@signed_in
def users() -> ResponseReturnValue:
    """The people the caller may know."""
    return jsonify(_page(_users()))


@blueprint.get("/user/count")
@signed_in
def count_users() -> ResponseReturnValue:
    """How many."""
    return jsonify(count=len(_users()))


@blueprint.get("/user/<login>/profile")
@signed_in
def user_profile(login: str) -> ResponseReturnValue:
    """One of them."""
    found = accounts.user(db.session(), login) if _knows(login) else None
    if found is None:
        raise Missing(f"User with id {login[:100]} does not exist")
    return jsonify(_user(found))


@blueprint.get("/group")
@signed_in
def groups() -> ResponseReturnValue:
    """The groups the caller may know."""
    return jsonify(_page(_groups()))


@blueprint.get("/group/count")
@signed_in
def count_groups() -> ResponseReturnValue:
    """How many."""
    return jsonify(count=len(_groups()))


@blueprint.get("/group/<group_id>")
@signed_in
def group(group_id: str) -> ResponseReturnValue:
    """One of them."""
    for found in _all_groups():
        if found["id"] == group_id:
            return jsonify(found)
    raise Missing(f"Group with id {group_id[:100]} does not exist")


@blueprint.get("/identity/groups")
@signed_in
def identity_groups() -> ResponseReturnValue:
    """The groups of ``userId``, and who is in them as far as the caller may know."""
    login = requests.asked().get("userId") or ""
    if not login:
        raise BadRequest("No user id was supplied")
    session, own = db.session(), accounts.groups_of(db.session(), login) if _knows(login) else frozenset()
    members = sorted({name for group in own for name in accounts.users_in_groups(session, [group]) if _knows(name)})
    shown = [group for group in _all_groups() if group["id"] in own]
    people = [_person(row) for row in accounts.users(session) if row.login in members]
    return jsonify(groups=[{"id": group["id"], "name": group["name"]} for group in shown], groupUsers=people)


@blueprint.post("/identity/verify")
@signed_in
@db.without_unit_of_work  # a password check takes 100 ms and must not hold the write lock
def verify() -> ResponseReturnValue:
    """Whether a login and a password belong together; wrong ones count towards the lockout as at the sign-in page."""
    given, at = requests.body(), engine.now(db.session())
    login = str(requests.text(given, "username", required=True))
    password = str(requests.text(given, "password", required=True))
    db.request.close_reader()
    answer = credentials.check(db.database(), login, password, str(request.remote_addr), lambda: at)
    found = {"authenticatedUser": login, "authenticated": answer.login is not None}
    return jsonify({**found, "groups": None, "tenants": None})


def _knows(login: str) -> bool:
    return login == current().login or any(current().has(permission) for permission in KNOWS_ALL)


def _users() -> list[dict[str, Any]]:
    asked, session = _asked(USER_FILTERS), db.session()
    wanted = _ids(asked)
    member = asked.get("memberOfGroup")
    inside = None if member is None else set(accounts.users_in_groups(session, [member]))
    return [
        _user(row)
        for row in accounts.users(session)
        if _knows(row.login) and (wanted is None or row.login in wanted) and (inside is None or row.login in inside)
    ]


def _groups() -> list[dict[str, Any]]:
    asked, session = _asked(GROUP_FILTERS), db.session()
    wanted, member = _ids(asked), asked.get("member")
    known = _knows(member) if member else True
    inside = None if member is None else accounts.groups_of(session, member)
    return [
        group
        for group in _all_groups()
        if known
        and (wanted is None or group["id"] in wanted)
        and (inside is None or group["id"] in inside)
        and asked.get("name") in (None, group["name"])
    ]


def _all_groups() -> list[dict[str, Any]]:
    everything = any(current().has(permission) for permission in KNOWS_ALL)
    return [
        {"id": row.name, "name": row.title(_language()), "type": "WORKFLOW"}
        for row in accounts.groups(db.session())
        if everything or row.name in current().groups
    ]


def _user(row: accounts.UserRow) -> dict[str, Any]:
    """The whole name stands as first name: Chinese names are not taken apart. Addresses of people stay here."""
    return {"id": row.login, "firstName": row.shown(_language()), "lastName": "", "email": None}


def _person(row: accounts.UserRow) -> dict[str, Any]:
    """One of a group."""
    name = row.shown(_language())
    return {"id": row.login, "firstName": name, "lastName": "", "displayName": name}


def _language() -> str:
    return str(get_locale())


def _asked(known: frozenset[str]) -> dict[str, Any]:
    asked = requests.asked()
    unknown = sorted(set(asked) - known)
    if unknown:
        raise BadRequest(f"Unknown query parameter '{unknown[0][:80]}'. Known: {', '.join(sorted(known))}")
    return asked


def _ids(asked: dict[str, Any]) -> set[str] | None:
    if "id" in asked:
        return {asked["id"]}
    return set(asked["idIn"].split(",")) if "idIn" in asked else None


def _page(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    given = requests.asked()
    if any(not given.get(name, "0").isdecimal() for name in ("firstResult", "maxResults")):
        raise BadRequest("'firstResult' and 'maxResults' must be whole numbers")
    first, most = int(given.get("firstResult", "0")[:9]), int(given.get("maxResults", "10000")[:9])
    return found[first : first + most]
