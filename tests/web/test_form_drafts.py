"""What was typed where something begins (a call, a complaint, a lead) is kept for its author until sent."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

import engine
from tests.conftest import SignIn
from tests.support.application import signed_in
from tests.support.forms import csrf_token, submit

WORDS = "主轴异响，停机两天"
CALL = {"channel": "phone", "caller_name": "王五", "concern": "needs_help", "verbatim": WORDS}
COMPLAINT = {"channel": "phone", "verbatim": WORDS, "summary": "异响"}
LEAD = {"company": "青岛海风机械", "note": WORDS}
PAGES = [("/matters/desk", CALL), ("/complaints/new", COMPLAINT), ("/leads/new", LEAD)]
RESTORED = "Your draft of"


def sheet(page: str) -> str:
    found = re.search(r'name="_sheet" value="([0-9a-f-]{36})"', page)
    assert found
    return found[1]


def keep(client: FlaskClient, page: str, typed: dict[str, str], address: str = "") -> str:
    """Open the page, type and wait a moment, as the script does; returns the sheet."""
    opened = sheet(client.get(address or page).text)
    answer = client.put(f"{page}/drafts/{opened}", data=typed, headers={"X-CSRFToken": csrf_token(client)})
    assert answer.status_code == 204
    return opened


@pytest.mark.parametrize(("page", "typed"), PAGES)
def test_typed_words_survive_a_reload_for_their_author_until_thrown_away(
    sign_in: SignIn, page: str, typed: dict[str, str]
) -> None:
    agent = sign_in("li.na")
    opened = keep(agent, page, typed)
    again = agent.get(page).text
    assert WORDS in again and RESTORED in again and sheet(again) == opened
    colleague = sign_in("wu.xiaoyan")
    assert WORDS not in colleague.get(page).text
    colleague.delete(f"{page}/drafts/{opened}", headers={"X-CSRFToken": csrf_token(colleague)})
    assert WORDS in agent.get(page).text
    agent.delete(f"{page}/drafts/{opened}", headers={"X-CSRFToken": csrf_token(agent)})
    fresh = agent.get(page).text
    assert WORDS not in fresh and RESTORED not in fresh and sheet(fresh) != opened
    assert agent.put(f"{page}/drafts/1", data=typed, headers={"X-CSRFToken": csrf_token(agent)}).status_code == 404


@pytest.mark.parametrize(("page", "typed"), [PAGES[0], PAGES[2]])
def test_nothing_is_kept_of_what_was_sent_not_even_when_a_draft_comes_late(
    sign_in: SignIn, page: str, typed: dict[str, str]
) -> None:
    agent = sign_in("li.na")
    opened = keep(agent, page, typed)
    refused = submit(agent, page, {**typed, "_sheet": opened, "verbatim": "", "company": ""})
    assert refused.status_code == 422 and sheet(refused.text) == opened
    assert WORDS in agent.get(page).text  # refused is not sent
    assert submit(agent, page, {**typed, "_sheet": opened}).status_code == 303
    assert WORDS not in agent.get(page).text
    late = agent.put(f"{page}/drafts/{opened}", data=typed, headers={"X-CSRFToken": csrf_token(agent)})
    assert late.status_code == 410
    assert WORDS not in agent.get(page).text


def test_a_page_opened_for_one_customer_shows_no_words_of_another(sign_in: SignIn) -> None:
    agent = sign_in("li.na")
    for page in ("/matters/desk", "/complaints/new"):
        words = {"verbatim": WORDS, "channel": "phone"}
        first = keep(agent, page, words | {"customer_id": "1", "customer": "1"}, f"{page}?customer=1")
        assert WORDS in agent.get(f"{page}?customer=1").text
        assert WORDS not in agent.get(f"{page}?customer=2").text
        nobody = keep(agent, page, {"verbatim": "还不知道是谁", "channel": "phone"}, f"{page}?customer=2")
        assert nobody != first
        second = agent.get(f"{page}?customer=2").text  # chosen since: the words are that customer's
        assert "还不知道是谁" in second
        assert re.search(r'name="customer_id" value="2"|<option value="2" selected', second)


def test_a_lead_goes_on_when_it_is_to_be_qualified_at_once(sign_in: SignIn) -> None:
    agent = sign_in("li.na")
    keep(agent, "/leads/new", LEAD)
    at_once = agent.get("/leads/new?at_once=1").text
    assert WORDS in at_once and "青岛海风机械" in at_once


def test_what_lies_too_long_is_forgotten(sign_in: SignIn, clock: engine.VirtualClock) -> None:
    keep(sign_in("li.na"), "/leads/new", LEAD)
    clock.advance(timedelta(days=31))
    assert WORDS not in sign_in("li.na").get("/leads/new").text


def test_nothing_odd_that_is_typed_keeps_the_page_from_opening(each_app: Flask) -> None:
    agent = signed_in(each_app, "li.na")
    odd = {
        "verbatim": "a\x00b",
        "note": "a\x00b",
        "company": "\x00" + "y" * 500,
        "caller_phone": "\x00",
        "about": "\x00",
    }
    for page, _typed in PAGES:
        assert agent.get(f"{page}?customer={10**30}").status_code in (200, 404)
        for ids in ("\x00", "x", "9" * 500, "-1"):
            keep(agent, page, odd | {"customer_id": ids, "customer": ids, "channel": ids})
            shown = agent.get(page)
            assert shown.status_code == 200 and RESTORED in shown.text
            agent.delete(f"{page}/drafts/{sheet(shown.text)}", headers={"X-CSRFToken": csrf_token(agent)})
