"""Administrators look after people, groups, roles and departments, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts import queries
from app.accounts.models import AccountLog
from tests.support import application
from tests.support.forms import submit

SignIn = Callable[..., FlaskClient]
NEW = {"login": "zhao.min", "name": "赵敏", "name_en": "Min Zhao", "groups": ["finance"], "roles": ["employee"]}


@pytest.fixture
def admin(sign_in: SignIn) -> FlaskClient:
    return sign_in("fang.chen")


def read(app: Flask, question: Callable[..., Any], *facts: Any) -> Any:
    with application.database_of(app).read() as session:
        return question(session, *facts)


def logged(app: Flask, subject: str) -> list[tuple[str, str, dict[str, Any]]]:
    with application.database_of(app).read() as session:
        rows = session.scalars(select(AccountLog).where(AccountLog.subject == subject).order_by(AccountLog.id))
        return [(row.actor, row.action, row.facts) for row in rows]


def form_of(client: FlaskClient, page: str) -> dict[str, Any]:
    """The fields of the page's form as a browser would send them back unchanged."""
    text = client.get(page).text
    fields: dict[str, Any] = dict(re.findall(r'<input class="form-control[^>]*name="(\w+)"[^>]*value="([^"]*)"', text))
    for name, body in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', text, re.S):
        chosen = re.findall(r'<option value="([^"]*)" selected', body)
        fields[name] = chosen[0] if chosen else ""
    for name, value in re.findall(r'type="checkbox" name="([\w-]+)" value="([^"]+)"[^>]* checked', text):
        fields.setdefault(name, []).append(value)
    return fields


def test_a_new_person_signs_in_with_the_password_shown_once(app: Flask, admin: FlaskClient) -> None:
    answer = submit(admin, "/admin/users/new", NEW)
    assert answer.status_code == 201
    found = re.search(r'id="new-password">([^<]+)<', answer.text)
    assert found
    client = app.test_client()
    fields = {"login": "zhao.min", "password": found[1]}
    assert submit(client, "/login", fields, page="/login").status_code == 303
    assert read(app, queries.groups_of, "zhao.min") == {"finance"}
    (entry,) = logged(app, "zhao.min")
    assert entry[:2] == ("fang.chen", "user.created")
    assert found[1] not in str(entry)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"login": ""}, "Please fill this in."),
        ({"login": "Zhao Min"}, "Small letters"),
        ({"login": "li.na"}, "This login is taken."),
        ({"name": "   "}, "Please fill this in."),
        ({"name": "x" * 101}, "At most 100 characters."),
        ({"name": "a\x00b"}, "This is not valid."),
        ({"department_id": "abc"}, "This is not valid."),
        ({"department_id": "99999999999999999999999"}, "This is not valid."),
        ({"department_id": "4096"}, "There is no such department."),
        ({"supervisor_id": "4096"}, "There is no such person."),
        ({"language": "fr"}, "This is not valid."),
        ({"groups": ["\x00"]}, "This is not valid."),
    ],
)
def test_bad_values_are_named_at_the_field_and_nothing_typed_is_lost(
    app: Flask, admin: FlaskClient, fields: dict[str, Any], message: str
) -> None:
    answer = submit(admin, "/admin/users/new", NEW | fields)
    assert answer.status_code == 422
    assert message in answer.text
    assert 'value="Min Zhao"' in answer.text
    assert read(app, queries.user, "zhao.min") is None


def test_markup_in_names_stays_text(app: Flask, admin: FlaskClient) -> None:
    hostile = "<script>alert(1)</script>"
    assert submit(admin, "/admin/users/new", NEW | {"name": hostile, "position_zh": hostile}).status_code == 201
    for page in ("/admin/users/zhao.min", "/admin/users?q=script", "/admin/groups/finance"):
        text = admin.get(page).text
        assert "<script>alert" not in text


def test_a_person_is_changed_and_the_change_is_written_down(app: Flask, admin: FlaskClient) -> None:
    fields = form_of(admin, "/admin/users/li.na")
    assert fields["groups"] == ["customer_support"]
    fields |= {"position_zh": "高级客户支持专员", "roles": ["employee", "call_centre", "supervisor"]}
    assert submit(admin, "/admin/users/li.na", fields).status_code == 303
    person = read(app, queries.user, "li.na")
    assert person.position_zh == "高级客户支持专员"
    assert (person.supervisor_login, person.department_key) == ("sun.lihua", "customer_support")
    ((actor, action, facts),) = logged(app, "li.na")
    assert (actor, action, sorted(facts)) == ("fang.chen", "user.changed", ["position_zh", "roles"])
    assert facts["roles"] == [["call_centre", "employee"], ["call_centre", "employee", "supervisor"]]


def test_saving_without_a_change_writes_nothing_down(app: Flask, admin: FlaskClient) -> None:
    assert submit(admin, "/admin/users/li.na", form_of(admin, "/admin/users/li.na")).status_code == 303
    assert logged(app, "li.na") == []


def test_nobody_is_the_supervisor_of_the_own_supervisor(app: Flask, admin: FlaskClient) -> None:
    subordinate = read(app, queries.user, "li.na")
    fields = form_of(admin, "/admin/users/sun.lihua") | {"supervisor_id": str(subordinate.id)}
    answer = submit(admin, "/admin/users/sun.lihua", fields)
    assert answer.status_code == 422
    assert "This person reports to the one you are editing." in answer.text


def test_a_reset_password_replaces_the_old_one_and_signs_out(app: Flask, admin: FlaskClient, sign_in: SignIn) -> None:
    inside = sign_in("li.na")
    answer = submit(admin, "/admin/users/li.na/password")
    assert answer.status_code == 201
    assert inside.get("/profile").status_code == 302
    fields = {"login": "li.na", "password": "keliu-demo"}
    assert submit(app.test_client(), "/login", fields, page="/login").status_code == 401
    assert submit(admin, "/admin/users/no.body/password").status_code == 404


def test_an_administrator_signs_a_person_out_everywhere(admin: FlaskClient, sign_in: SignIn) -> None:
    one, two = sign_in("li.na"), sign_in("li.na")
    assert submit(admin, "/admin/users/li.na/sessions/end").status_code == 303
    assert "Sessions ended: 2." in admin.get("/admin/users/li.na").text
    assert {one.get("/profile").status_code, two.get("/profile").status_code} == {302}


def test_the_last_administrator_stays(app: Flask, admin: FlaskClient) -> None:
    word = "The last administrator can't be removed."
    answer = submit(admin, "/admin/users/fang.chen/activation")
    assert (answer.status_code, word in answer.text.replace("&#39;", "'")) == (422, True)
    fields = form_of(admin, "/admin/users/fang.chen") | {"roles": ["employee"]}
    answer = submit(admin, "/admin/users/fang.chen", fields)
    assert (answer.status_code, word in answer.text.replace("&#39;", "'")) == (422, True)
    answer = submit(admin, "/admin/roles", {"roles": ["administrator"], "role-administrator": []})
    assert (answer.status_code, word in answer.text.replace("&#39;", "'")) == (422, True)
    assert read(app, queries.administrators) == {"fang.chen"}
    both = form_of(admin, "/admin/users/kang.ning") | {"roles": ["administrator"]}
    assert submit(admin, "/admin/users/kang.ning", both).status_code == 303
    assert submit(admin, "/admin/users/fang.chen/activation").status_code == 303
    assert read(app, queries.administrators) == {"kang.ning"}


def test_a_refused_change_shows_what_is_really_stored(admin: FlaskClient) -> None:
    assert "Disable account" in submit(admin, "/admin/users/fang.chen/activation").text


def test_ticking_a_permission_is_in_force_with_the_next_request(
    app: Flask, admin: FlaskClient, sign_in: SignIn
) -> None:
    person = sign_in("li.na")
    assert person.get("/calendars").status_code == 403
    granted = ["task.work", "case.view_subtree", "calendar.manage", "no.such.permission"]
    assert submit(admin, "/admin/roles", {"roles": ["employee"], "role-employee": granted}).status_code == 303
    assert person.get("/calendars").status_code == 200
    ((_, action, facts),) = logged(app, "employee")
    assert action == "role.permissions"
    assert facts["added"] == ["calendar.manage"]
    assert facts["removed"] == ["customer.edit", "customer.view", "lead.capture", "lead.claim", "process.view"]
    role = read(app, queries.role, "supervisor")  # a role the form did not carry
    assert role.permissions >= {"task.reassign", "complaint.export"}


def test_roles_are_made_renamed_and_removed_when_nobody_has_them(app: Flask, admin: FlaskClient) -> None:
    fields = {"name": "auditor", "title_zh": "审计", "title_en": "Auditor"}
    assert submit(admin, "/admin/roles/new", fields).status_code == 303
    assert submit(admin, "/admin/roles/new", fields).status_code == 422
    assert submit(admin, "/admin/roles/auditor", fields | {"title_en": "Inspector"}).status_code == 303
    assert read(app, queries.role, "auditor").title_en == "Inspector"
    answer = submit(admin, "/admin/roles/employee/removal")
    assert (answer.status_code, "People still have this role." in answer.text) == (422, True)
    assert submit(admin, "/admin/roles/auditor/removal").status_code == 303
    assert read(app, queries.role, "auditor") is None
    assert submit(admin, "/admin/roles/auditor/removal").status_code == 404


def test_a_group_gets_people_and_loses_them(app: Flask, admin: FlaskClient) -> None:
    fields = {"name": "night_shift", "title_zh": "夜班", "title_en": "Night shift"}
    assert submit(admin, "/admin/groups/new", fields).status_code == 303
    people = "/admin/groups/night_shift/people"
    for login in ("li.na", "ma.jun", "ma.jun"):  # twice is once
        answer = submit(admin, f"{people}/{login}?q=a&member=out", {"joins": "1"})
        assert answer.location == "/admin/groups/night_shift?q=a&member=out"  # back to the same list
    found = admin.get("/admin/groups/night_shift?member=in").text
    assert "Na Li" in found and "Jun Ma" in found and "Kai Zheng" not in found
    assert "Kai Zheng" in admin.get("/admin/groups/night_shift?q=zheng&member=out").text
    assert submit(admin, "/admin/groups/night_shift", fields | {"title_en": "Night"}).status_code == 303
    assert [person.login for person in read(app, queries.users_in_group, "night_shift")] == ["li.na", "ma.jun"]
    assert submit(admin, f"{people}/li.na", {"joins": "0"}).status_code == 303
    assert [person.login for person in read(app, queries.users_in_group, "night_shift")] == ["ma.jun"]
    assert {"joined": [], "left": ["li.na"]} in [line[2] for line in logged(app, "night_shift")]
    assert submit(admin, f"{people}/nobody", {"joins": "1"}).status_code == 404
    assert submit(admin, "/admin/groups/nothing/people/li.na", {"joins": "1"}).status_code == 404
    assert submit(admin, "/admin/groups/new", fields).status_code == 422
    assert submit(admin, "/admin/groups/nothing", fields).status_code == 404


def test_a_moved_department_takes_everything_below_along(app: Flask, admin: FlaskClient) -> None:
    operations = read(app, queries.department, "operations")
    fields = {"name_zh": "上海营销中心", "name_en": "Shanghai", "parent_id": str(operations.id)}
    assert submit(admin, "/admin/departments/centre_4", fields).status_code == 303
    paths = read(app, queries.subtree_paths, "operations")
    for key in ("centre_4", "office_hangzhou", "office_ningbo", "office_wenzhou"):
        assert read(app, queries.department, key).path in paths
    assert read(app, queries.department, "centre_3").path not in paths


def test_a_department_never_comes_below_itself(app: Flask, admin: FlaskClient) -> None:
    office = read(app, queries.department, "office_hangzhou")
    fields = {"name_zh": "上海营销中心", "name_en": "Shanghai", "parent_id": str(office.id)}
    answer = submit(admin, "/admin/departments/centre_4", fields)
    assert answer.status_code == 422
    assert "be below itself" in answer.text


def test_departments_are_added_and_removed_while_empty(app: Flask, admin: FlaskClient) -> None:
    fields = {"key": "legal", "name_zh": "法务部", "name_en": "Legal", "parent_id": ""}
    assert submit(admin, "/admin/departments/new", fields).status_code == 303
    assert submit(admin, "/admin/departments/new", fields).status_code == 422
    assert "法务部" in admin.get("/admin/departments", headers={"Accept-Language": "zh"}).text
    assert submit(admin, "/admin/departments/legal/removal").status_code == 303
    answer = submit(admin, "/admin/departments/finance/removal")
    assert (answer.status_code, "still belong to it" in answer.text) == (422, True)


def test_people_are_found_by_name_department_group_role_and_state(admin: FlaskClient) -> None:
    def found(query: str) -> set[str]:
        return set(re.findall(r'href="/admin/users/([a-z]+\.[a-z]+)"', admin.get(f"/admin/users?{query}").text))

    assert found("q=李娜") == {"li.na"}
    assert found("q=LIHUA") == {"sun.lihua"}
    assert {"li.na", "gao.xiang", "he.jing"} <= found("department=customer_department")
    assert "chen.yongxing" not in found("department=customer_department")
    assert found("group=finance") == {"yao.huimin", "fu.xiaodong", "su.ting"}
    assert found("role=administrator") == {"fang.chen"}
    assert found("state=disabled") == set()
    assert found("q=%") == set()


def test_an_administrator_sees_no_cases_and_no_tasks(app: Flask) -> None:
    assert application.principal_of(app, "fang.chen").permissions == {"account.manage", "notification.manage"}
