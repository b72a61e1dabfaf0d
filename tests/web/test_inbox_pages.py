"""People find, claim and complete their tasks in the inbox."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.support import purchase
from tests.support.application import database_of

SignIn = Callable[..., FlaskClient]


@pytest.fixture
def world(app: Flask) -> Flask:
    """The demo company with the purchase process deployed."""
    purchase.deploy(app)
    return app


def csrf(client: FlaskClient, path: str = "/inbox") -> str:
    """The token that a page gives to its forms."""
    found = re.search(r'name="csrf-token" content="([^"]+)"', client.get(path).get_data(as_text=True))
    assert found
    return found[1]


def post(client: FlaskClient, path: str, **form: object) -> object:
    """Send a form as a browser does."""
    return client.post(path, data={"csrf_token": csrf(client), **form})


def test_an_offered_task_is_claimed_completed_and_then_listed_as_done(world: Flask, sign_in: SignIn) -> None:
    instance = purchase.start(world)
    task = purchase.task_of(world, instance)
    client = sign_in("li.na")
    offered = client.get("/inbox?box=claim").get_data(as_text=True)
    assert "Fill in the request" in offered and f"/inbox/tasks/{task.id}" in offered

    claimed = client.post(f"/inbox/tasks/{task.id}/claim", data={"csrf_token": csrf(client)})
    assert claimed.status_code == 303
    assert f"/inbox/tasks/{task.id}" in client.get("/inbox").get_data(as_text=True)
    assert purchase.task(world, task.id).assignee == "li.na"

    answer = client.post(f"/inbox/tasks/{task.id}/complete", data={"csrf_token": csrf(client), **purchase.FILLED})
    assert answer.status_code == 303, answer.get_data(as_text=True)
    assert answer.location.endswith("/inbox")
    assert "is done" in client.get("/inbox").get_data(as_text=True)
    assert f"/inbox/tasks/{task.id}" in client.get("/inbox?box=done").get_data(as_text=True)
    following = purchase.task_of(world, instance)
    assert following.node_id == "approve"


def test_the_pages_speak_the_readers_language(world: Flask, sign_in: SignIn) -> None:
    task = purchase.task_of(world, purchase.start(world))
    chinese = sign_in("li.na", language="zh")
    page = chinese.get("/inbox?box=claim").get_data(as_text=True)
    assert "待领" in page and "待办" in page and "填写申请" in page and "采购申请" in page
    shown = chinese.get(f"/inbox/tasks/{task.id}").get_data(as_text=True)
    assert "签收" in shown and "事由" in shown and "Subject" not in shown
    english = sign_in("li.na").get(f"/inbox/tasks/{task.id}").get_data(as_text=True)
    assert "Claim" in english and "Subject" in english and "事由" not in english


def test_refused_values_come_back_at_their_fields_with_everything_typed(world: Flask, sign_in: SignIn) -> None:
    task = purchase.task_of(world, purchase.start(world))
    client = sign_in("li.na")
    answer = client.post(
        f"/inbox/tasks/{task.id}/complete",
        data={"csrf_token": csrf(client), "requester": "li.na", "subject": "", "amount": "viel"},
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert 'id="subject-error"' in page and 'id="amount-error"' in page
    assert 'value="viel"' in page and 'value="li.na"' in page
    assert purchase.task(world, task.id).state == "created"


def test_a_colleague_was_faster_and_nothing_typed_is_lost(world: Flask, sign_in: SignIn) -> None:
    task = purchase.task_of(world, purchase.start(world))
    slow, fast = sign_in("wu.xiaoyan"), sign_in("li.na")
    token = csrf(slow, f"/inbox/tasks/{task.id}")
    fast.post(f"/inbox/tasks/{task.id}/complete", data={"csrf_token": csrf(fast), **purchase.FILLED})
    answer = slow.post(
        f"/inbox/tasks/{task.id}/complete",
        data={"csrf_token": token, "requester": "wu.xiaoyan", "subject": "三箱茶叶", "amount": "5"},
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "Na Li" in page and "23 Nov 2026, 09:00" in page
    assert "三箱茶叶" in page
    done = purchase.task(world, task.id)
    assert done.ended_by == "li.na"


def test_a_colleague_has_claimed_it_meanwhile(world: Flask, sign_in: SignIn) -> None:
    task = purchase.task_of(world, purchase.start(world))
    slow, fast = sign_in("wu.xiaoyan"), sign_in("li.na")
    fast.post(f"/inbox/tasks/{task.id}/claim", data={"csrf_token": csrf(fast)})
    late = slow.post(f"/inbox/tasks/{task.id}/claim", data={"csrf_token": csrf(slow)})
    assert late.status_code == 303
    assert "Na Li has claimed this task." in slow.get("/inbox").get_data(as_text=True)
    answer = slow.post(f"/inbox/tasks/{task.id}/complete", data={"csrf_token": csrf(slow), **purchase.FILLED})
    assert answer.status_code == 409
    assert "Na Li" in answer.get_data(as_text=True)
    assert purchase.task(world, task.id).assignee == "li.na"


def test_release_gives_the_task_back(world: Flask, sign_in: SignIn) -> None:
    task = purchase.task_of(world, purchase.start(world))
    client = sign_in("li.na")
    client.post(f"/inbox/tasks/{task.id}/claim", data={"csrf_token": csrf(client)})
    answer = client.delete(f"/inbox/tasks/{task.id}/claim", headers={"X-CSRFToken": csrf(client), "HX-Request": "true"})
    assert answer.status_code == 204 and answer.headers["HX-Redirect"].endswith("/inbox")
    assert purchase.task(world, task.id).assignee is None


def test_only_the_assignee_or_a_supervisor_releases(world: Flask, sign_in: SignIn) -> None:
    task = purchase.task_of(world, purchase.start(world))
    holder, colleague, lead = sign_in("li.na"), sign_in("wu.xiaoyan"), sign_in("sun.lihua")
    holder.post(f"/inbox/tasks/{task.id}/claim", data={"csrf_token": csrf(holder)})
    refused = colleague.delete(f"/inbox/tasks/{task.id}/claim", headers={"X-CSRFToken": csrf(colleague)})
    assert refused.status_code == 403
    allowed = lead.delete(f"/inbox/tasks/{task.id}/claim", headers={"X-CSRFToken": csrf(lead)})
    assert allowed.status_code == 303
    assert purchase.task(world, task.id).assignee is None


def test_who_asked_does_not_approve(world: Flask, sign_in: SignIn) -> None:
    task = purchase.requested(world, "li.na")
    asker, colleague = sign_in("li.na"), sign_in("wu.xiaoyan")
    assert f"/inbox/tasks/{task.id}" not in asker.get("/inbox?box=claim").get_data(as_text=True)
    assert f"/inbox/tasks/{task.id}" in colleague.get("/inbox?box=claim").get_data(as_text=True)
    answer = asker.post(f"/inbox/tasks/{task.id}/complete", data={"csrf_token": csrf(asker), "outcome": "approved"})
    assert answer.status_code in (403, 404)
    assert purchase.task(world, task.id).state == "created"


def test_strangers_see_nothing(world: Flask, sign_in: SignIn) -> None:
    task = purchase.task_of(world, purchase.start(world))
    outsider = sign_in("sun.zhipeng")
    assert outsider.get(f"/inbox/tasks/{task.id}").status_code == 404
    for action, method in (("claim", "post"), ("complete", "post"), ("draft", "put"), ("claim", "delete")):
        answer = getattr(outsider, method)(
            f"/inbox/tasks/{task.id}/{action}", headers={"X-CSRFToken": csrf(outsider)}, data={}
        )
        assert answer.status_code == 404, action
    assert outsider.get(f"/inbox/instances/{task.instance_id}/state.json").status_code == 404


def test_a_draft_is_kept_while_typing_and_restored(world: Flask, sign_in: SignIn) -> None:
    task = purchase.task_of(world, purchase.start(world))
    client = sign_in("li.na")
    saved = client.put(
        f"/inbox/tasks/{task.id}/draft",
        data={"subject": "半句话", "amount": "12x"},
        headers={"X-CSRFToken": csrf(client)},
    )
    assert saved.status_code == 204
    page = client.get(f"/inbox/tasks/{task.id}").get_data(as_text=True)
    assert "半句话" in page and 'value="12x"' in page and "Your draft of" in page
    assert "半句话" not in sign_in("wu.xiaoyan").get(f"/inbox/tasks/{task.id}").get_data(as_text=True)
    client.post(f"/inbox/tasks/{task.id}/complete", data={"csrf_token": csrf(client), **purchase.FILLED})
    from app.formkit.models import FormDraft

    assert purchase.rows(world, FormDraft) == []


def test_a_draft_can_be_thrown_away(world: Flask, sign_in: SignIn) -> None:
    task = purchase.task_of(world, purchase.start(world))
    client = sign_in("li.na")
    headers = {"X-CSRFToken": csrf(client)}
    client.put(f"/inbox/tasks/{task.id}/draft", data={"subject": "半句话"}, headers=headers)
    client.delete(f"/inbox/tasks/{task.id}/draft", headers=headers)
    assert "半句话" not in client.get(f"/inbox/tasks/{task.id}").get_data(as_text=True)


def test_a_draft_goes_with_a_cancelled_task(world: Flask, sign_in: SignIn) -> None:
    import engine
    from app.formkit.models import FormDraft

    task = purchase.task_of(world, purchase.start(world))
    client = sign_in("li.na")
    client.put(f"/inbox/tasks/{task.id}/draft", data={"subject": "x"}, headers={"X-CSRFToken": csrf(client)})
    assert len(purchase.rows(world, FormDraft)) == 1
    cancel = engine.CancelInstance(instance_id=task.instance_id, actor="lin.wanqing", reason="doppelt")
    database_of(world).write(lambda session: engine.execute(session, cancel))
    assert purchase.rows(world, FormDraft) == []
    late = client.post(f"/inbox/tasks/{task.id}/complete", data={"csrf_token": csrf(client), **purchase.FILLED})
    assert late.status_code == 409 and "no longer needed" in late.get_data(as_text=True)
    assert "打印纸" in late.get_data(as_text=True)


def test_chinese_search_finds_the_middle_of_a_word(app: Flask, sign_in: SignIn) -> None:
    """The demo company's complaints: two characters of a customer's name or of the summary are enough."""
    client = sign_in("sun.lihua")
    page = client.get("/inbox?box=claim&q=京重").get_data(as_text=True)
    assert "北京京重机床有限公司" in page and "常州龙城" not in page
    assert "CMP-2026-000001" in client.get("/inbox?box=claim&q=频繁").get_data(as_text=True)
    assert "CMP-2026-000010" in client.get("/inbox?box=claim&q=cmp-2026-000010").get_data(as_text=True)
    assert "Nothing matches" in client.get("/inbox?box=claim&q=没有这个").get_data(as_text=True)


def test_a_draft_never_holds_what_the_person_may_not_see(world: Flask, sign_in: SignIn) -> None:
    from app.formkit.models import FormDraft

    task = purchase.requested(world, "li.na")
    client = sign_in("wu.xiaoyan")
    page = client.get(f"/inbox/tasks/{task.id}").get_data(as_text=True)
    assert "Salary" not in page
    client.put(
        f"/inbox/tasks/{task.id}/draft",
        data={"remark": "gut", "salary": "9000"},
        headers={"X-CSRFToken": csrf(client)},
    )
    (draft,) = purchase.rows(world, FormDraft)
    assert draft[0].payload == {"remark": "gut"}


def test_the_list_refreshes_itself_only_when_something_changed(world: Flask, sign_in: SignIn) -> None:
    task = purchase.task_of(world, purchase.start(world))
    watching, colleague = sign_in("li.na"), sign_in("wu.xiaoyan")
    first = watching.get("/inbox/rows?box=claim")
    assert first.status_code == 200 and task.id in first.get_data(as_text=True)
    etag = first.headers["ETag"]
    assert etag.strip('"') in first.get_data(as_text=True)
    again = watching.get("/inbox/rows?box=claim", headers={"If-None-Match": etag})
    assert again.status_code == 304 and again.get_data() == b""
    colleague.post(f"/inbox/tasks/{task.id}/claim", data={"csrf_token": csrf(colleague)})
    changed = watching.get("/inbox/rows?box=claim", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert task.id not in changed.get_data(as_text=True)


def test_deadlines_have_words_and_a_colour(world: Flask, sign_in: SignIn, clock: object) -> None:
    from datetime import timedelta

    purchase.start(world)
    client = sign_in("li.na")
    box = "/inbox?box=claim&step=purchase/request"
    assert 'data-due="ok"' in client.get(box).get_data(as_text=True)
    clock.advance(timedelta(hours=7))  # type: ignore[attr-defined]
    assert 'data-due="risk"' in sign_in("li.na").get(box).get_data(as_text=True)
    clock.advance(timedelta(days=1))  # type: ignore[attr-defined]
    late = sign_in("li.na").get(box).get_data(as_text=True)
    assert 'data-due="late"' in late and "overdue" in late


def test_many_rows_come_in_pages_and_none_twice(world: Flask, sign_in: SignIn) -> None:
    instances = [purchase.start(world) for _ in range(53)]
    client = sign_in("li.na")
    first = client.get("/inbox?box=claim&step=purchase/request").get_data(as_text=True)
    link = re.search(r'rel="next" href="([^"]+)"', first)
    assert link
    second = client.get(link[1].replace("&amp;", "&")).get_data(as_text=True)
    shown = re.findall(r'data-task="([^"]+)"', first) + re.findall(r'data-task="([^"]+)"', second)
    assert len(shown) == len(set(shown)) == len(instances)
    assert client.get("/inbox?box=claim&after=unsinn").status_code == 200


def test_a_supervisor_gives_the_task_to_somebody_else_and_says_why(world: Flask, sign_in: SignIn) -> None:
    task = purchase.task_of(world, purchase.start(world))
    lead = sign_in("sun.lihua")
    page = lead.get(f"/inbox/tasks/{task.id}").get_data(as_text=True)
    assert "Give it to somebody else" in page
    refused = lead.post(
        f"/inbox/tasks/{task.id}/assignee", data={"csrf_token": csrf(lead), "assignee": "sun.zhipeng", "reason": ""}
    )
    assert refused.status_code == 422
    assert "Say why." in refused.get_data(as_text=True)
    done = lead.post(
        f"/inbox/tasks/{task.id}/assignee", data={"csrf_token": csrf(lead), "assignee": "zheng.kai", "reason": "Urlaub"}
    )
    assert done.status_code == 303
    assert purchase.task(world, task.id).assignee == "zheng.kai"
    notices = sign_in("zheng.kai").get("/notices").get_data(as_text=True)
    assert "Lihua Sun gave you Fill in the request" in notices
    outsider = sign_in("wu.xiaoyan")
    assert (
        outsider.post(
            f"/inbox/tasks/{task.id}/assignee",
            data={"csrf_token": csrf(outsider), "assignee": "wu.xiaoyan", "reason": "x"},
        ).status_code
        == 403
    )


def test_script_tags_stay_text(world: Flask, sign_in: SignIn) -> None:
    evil = "<script>window.__xss=1</script>"
    task = purchase.task_of(world, purchase.start(world, business_key=evil, title=evil))
    client = sign_in("li.na")
    client.put(f"/inbox/tasks/{task.id}/draft", data={"subject": evil}, headers={"X-CSRFToken": csrf(client)})
    for path in ("/inbox?box=claim", "/inbox?box=started", f"/inbox/tasks/{task.id}", f"/inbox?q={evil}"):
        page = client.get(path).get_data(as_text=True)
        assert evil not in page, path
        assert "&lt;script&gt;" in page or "q=" in path


def test_the_diagram_is_told_where_the_token_is(world: Flask, sign_in: SignIn) -> None:
    task = purchase.requested(world, "li.na")
    client = sign_in("wu.xiaoyan")
    state = client.get(f"/inbox/instances/{task.instance_id}/state.json").get_json()
    assert {"node": "approve", "state": "user_task"} in state["tokens"]
    assert "request" in state["passed"]
    assert b"<bpmn:definitions" in client.get(f"/inbox/instances/{task.instance_id}/diagram.bpmn").data
    assert client.get(f"/inbox/instances/{task.instance_id}/names.json").get_json()["approve"] == "Approve the request"


def test_a_process_without_a_form_of_its_own_is_started_from_the_start_page(world: Flask, sign_in: SignIn) -> None:
    client = sign_in("li.na")
    assert "Purchase" in client.get("/inbox/start").get_data(as_text=True)
    answer = client.post("/inbox/start/purchase", data={"csrf_token": csrf(client)})
    assert answer.status_code == 303 and "/inbox/tasks/" in answer.location
    assert client.post("/inbox/start/nothing", data={"csrf_token": csrf(client)}).status_code == 404


def test_a_delegated_task_says_to_give_it_back_and_its_owner_completes_it(world: Flask, sign_in: SignIn) -> None:
    import engine

    task = purchase.task_of(world, purchase.start(world))
    owner, helper = sign_in("li.na"), sign_in("wu.xiaoyan")
    owner.post(f"/inbox/tasks/{task.id}/claim", data={"csrf_token": csrf(owner)})
    delegate = engine.DelegateTask(task_id=task.id, assignee="wu.xiaoyan", actor="li.na")
    database_of(world).write(lambda session: engine.execute(session, delegate))
    assert "for Na Li: give it back when done" in helper.get("/inbox").text
    page = helper.get(f"/inbox/tasks/{task.id}").text
    assert "Na Li delegated this task to you" in page and "Give back to Na Li" in page
    assert "Complete</button>" not in page
    early = helper.post(f"/inbox/tasks/{task.id}/complete", data={"csrf_token": csrf(helper), **purchase.FILLED})
    assert early.status_code == 403 and "Give it back first." in early.text
    assert "You delegated this task to Xiaoyan Wu" in owner.get(f"/inbox/tasks/{task.id}").text
    back = helper.delete(f"/inbox/tasks/{task.id}/claim", headers={"X-CSRFToken": csrf(helper)})
    assert back.status_code == 303 and "Na Li has the task again." in helper.get("/inbox").text
    assert "came back to you" in owner.get("/inbox").text
    assert "has come back to you" in owner.get(f"/inbox/tasks/{task.id}").text
    done = owner.post(f"/inbox/tasks/{task.id}/complete", data={"csrf_token": csrf(owner), **purchase.FILLED})
    assert done.status_code == 303


def test_the_administrator_has_no_inbox(world: Flask, sign_in: SignIn) -> None:
    from tests.support.application import principal_of

    with database_of(world).read() as session:
        from app.accounts import queries

        admin = sorted(queries.administrators(session))[0]
    assert principal_of(world, admin).is_admin
    client = sign_in(admin)
    assert client.get("/inbox").status_code == 403
    assert client.get("/inbox/start").status_code == 403
