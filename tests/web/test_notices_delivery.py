"""What leaves the house: once each, in the reader's language, at the pace that was asked for."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import hmac
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

import engine
from app import create_app
from app.accounts import queries as accounts
from app.notifications import courier, outbound, preferences, queries
from app.notifications.models import Delivery, OutboxMessage, Pace, TeamChannel
from app.notifications.robots import signature
from tests.support.application import Databases, database_of, signed_in
from tests.support.house import House, opened
from tests.support.receivers import TAKEN, HttpReceiver, Mailbox, dripping_listener, http_receiver, mail_server

on_both = pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
HOSTILE = '<script>alert(1)</script> {{7*7}} %(x)s **@所有人** <at user_id="all"></at>\r\nBcc: all@example.com'


@pytest.fixture(scope="module")
def mailbox() -> Iterator[Mailbox]:
    with mail_server() as found:
        yield found


@pytest.fixture(scope="module")
def robot() -> Iterator[HttpReceiver]:
    with http_receiver() as found:
        yield found


@pytest.fixture
def backend() -> str:
    """SQLite, where a test does not say otherwise."""
    return "sqlite"


@pytest.fixture
def house(
    databases: Databases, backend: str, clock: engine.VirtualClock, mailbox: Mailbox, robot: HttpReceiver
) -> Iterator[House]:
    """The demo company with a mail server and a robot."""
    with opened(databases, backend, clock, mailbox, robot) as found:
        yield found


@on_both
def test_an_overdue_task_is_mailed_to_who_wants_it_and_said_in_the_team(house: House) -> None:
    house.wish("li.na", "li.na@example.com", overdue=Pace.NOW)
    house.write(lambda s: s.execute(sa.text("UPDATE user_account SET language = 'en' WHERE login = 'li.na'")))
    house.wish("wu.xiaoyan", overdue=Pace.NOW)
    house.channel()
    house.tell(["li.na", "wu.xiaoyan"], "COMP-1")
    house.tell(["li.na", "wu.xiaoyan"], "COMP-1")
    assert house.mail.mails == [] and house.robot.posts == []
    house.send()
    house.send(timedelta(days=2))
    (mail,) = house.mail.mails
    assert mail["X-Given-To"] == "li.na@example.com" and mail["Subject"] == "判定 is overdue: COMP-1"
    assert mail["Message-ID"] == f"<{mail['X-Keliu-Key']}@keliu.example>"
    plain, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert plain and html and "http://localhost/x/COMP-1" in plain.get_content() and "Hello " in html.get_content()
    (post,) = house.robot.posts
    assert post.said["text"] == "“判定”已超期：COMP-1 http://localhost/x/COMP-1" and post.said["key"] == post.key
    assert set(house.states()) == {("delivered", "")}


def test_words_of_strangers_stay_words(house: House) -> None:
    """Names that look like markup, headers or calls to everybody arrive as the text they are."""
    house.wish("li.na", "li.na@example.com", overdue=Pace.NOW)
    for kind in ("webhook", "wecom", "dingtalk", "feishu"):
        house.channel(kind)
    house.tell("li.na", "COMP-1", task=HOSTILE)
    house.letter("wang@example.com", "COMP-2", contact=HOSTILE, language="en")
    house.send()
    notice, letter = sorted(house.mail.mails, key=lambda mail: str(mail["X-Given-To"]))
    for mail in (notice, letter):
        assert mail["Bcc"] is None and "," not in mail["X-Given-To"]
        html = mail.get_body(("html",)).get_content()
        assert "<script>" not in html and "&lt;script&gt;" in html and "{{7*7}} %(x)s" in html
    texts = [post.said.get("text") or post.said["content"]["text"] for post in house.robot.posts]
    texts = [text if isinstance(text, str) else text["content"] for text in texts]
    assert len(texts) == 4 and all("<script>" in text or "＜script" in text for text in texts)
    (feishu,) = [post.said for post in house.robot.posts if "msg_type" in post.said]
    assert "<at" not in feishu["content"]["text"]


def test_a_letter_comes_in_the_customers_language_or_in_both_and_never_to_none(house: House) -> None:
    house.letter("zh@example.com", "COMP-1", language="zh", contact=None)
    house.letter("en@example.com", "COMP-2", language="en", contact=None)
    house.letter("both@example.com", "COMP-3")
    house.letter("13800000000", "COMP-4")
    house.send()
    arrived = {mail["X-Given-To"].partition("@")[0]: mail for mail in house.mail.mails}
    assert sorted(arrived) == ["both", "en", "zh"]
    body = {name: mail.get_body(("plain",)).get_content() for name, mail in arrived.items()}
    assert "尊敬的客户，您好" in body["zh"] and "Dear" not in body["zh"] and "Dear Customer" in body["en"]
    assert "您好" in body["both"] and "Dear" in body["both"] and " / " in arrived["both"]["Subject"]
    assert not any("None" in text for text in body.values())
    letters = [(letter.channel, letter.state) for letter in house.rows(OutboxMessage)[-4:]]
    assert letters == [("customer", "delivered")] * 3 + [("in_page", "waiting")]


def test_who_refuses_advertising_still_gets_answers(house: House) -> None:
    assert house.letter("Wang@example.com", "LEAD-1", advertising=True)
    house.send()
    (mail,) = house.mail.mails
    link = re.sub(r"[<>]|http://localhost", "", mail["List-Unsubscribe"])
    assert link in mail.get_body(("plain",)).get_content()
    house.app.config["WTF_CSRF_ENABLED"] = False
    client = house.app.test_client()
    assert client.get(link + "x").status_code == 404
    assert client.get(link).status_code == 200 and house.letter("wang@example.com", "LEAD-2", advertising=True)
    assert "wang" in client.post(link).get_data(as_text=True).lower()
    assert not house.letter("wang@example.com", "LEAD-3", advertising=True)
    assert house.letter("wang@example.com", "COMP-4")


@on_both
def test_a_burst_is_one_mail_and_what_can_wait_comes_together(house: House) -> None:
    """At once: whatever waits comes in one mail. By the hour: at the full hour. By day: at eight in the morning."""
    house.wish("li.na", "now@example.com", overdue=Pace.NOW)
    house.wish("wu.xiaoyan", "hour@example.com", overdue=Pace.HOURLY)
    house.wish("sun.lihua", "day@example.com", overdue=Pace.DAILY)
    house.clock.set(house.clock.now() + timedelta(minutes=10))
    for number in range(7):
        house.tell(["li.na", "wu.xiaoyan", "sun.lihua"], f"COMP-{number}")
    house.send()
    house.send(timedelta(minutes=49))
    assert [mail["X-Given-To"] for mail in house.mail.mails] == ["now@example.com"]
    house.send(timedelta(minutes=1))
    assert [mail["X-Given-To"] for mail in house.mail.mails] == ["now@example.com", "hour@example.com"]
    house.send(timedelta(hours=21, minutes=59))
    assert len(house.mail.mails) == 2
    house.send(timedelta(minutes=1))
    assert len(house.mail.mails) == 3
    for mail in house.mail.mails:
        plain = mail.get_body(("plain",)).get_content()
        assert all(f"COMP-{number}" in plain for number in range(7)) and "7" in mail["Subject"]
    assert {state for state, _ in house.states()} == {"delivered", "merged"}


def test_who_works_by_day_is_not_woken(house: House) -> None:
    house.wish("li.na", "day@example.com", overdue=Pace.NOW, working_hours=True)
    house.clock.set(house.clock.now() + timedelta(hours=12))
    house.tell("li.na", "COMP-1")
    house.send(timedelta(hours=11))
    assert house.mail.mails == []
    house.send(timedelta(hours=1, minutes=5))
    assert len(house.mail.mails) == 1


@on_both
def test_a_robot_says_at_most_twenty_things_a_minute_and_the_last_one_carries_the_rest(house: House) -> None:
    house.channel("wecom")
    for number in range(45):
        house.tell("li.na", f"COMP-{number:02}", task="判定" * 10)
    house.send()
    assert len(house.robot.posts) == 20
    last = house.robot.posts[-1].said["text"]["content"]
    assert len(last.encode()) <= 2048 and "已超期：COMP-19 " in last and "另有" in last
    for number in range(3):
        house.tell("li.na", f"COMP-late-{number}")
    house.send(timedelta(seconds=59))
    assert len(house.robot.posts) == 20
    assert house.states()[-3:] == [("waiting", "too_many")] * 3
    house.send(timedelta(seconds=2))
    assert len(house.robot.posts) == 23


def test_each_kind_of_robot_is_signed_its_own_way(house: House) -> None:
    for kind in ("webhook", "dingtalk", "feishu"):
        house.channel(kind, secret="SECabc")
    house.tell("li.na", "COMP-1")
    house.send()
    webhook, dingtalk, feishu = house.robot.posts
    at = house.clock.now().timestamp()
    stamp = webhook.headers["x-keliu-timestamp"]
    assert int(stamp) == int(at)
    assert webhook.headers["x-keliu-signature"] == "sha256=" + signature("SECabc", stamp, webhook.body)
    query = parse_qs(urlsplit(dingtalk.path).query)
    expected = hmac.new(b"SECabc", f"{query['timestamp'][0]}\nSECabc".encode(), hashlib.sha256).digest()
    assert base64.b64decode(query["sign"][0]) == expected and int(query["timestamp"][0]) == int(at * 1000)
    expected = hmac.new(f"{int(at)}\nSECabc".encode(), b"", hashlib.sha256).digest()
    assert feishu.said["timestamp"] == str(int(at)) and base64.b64decode(feishu.said["sign"]) == expected


def test_what_is_refused_for_good_and_what_is_tried_again(house: House) -> None:
    """A robot that says no is a dead letter at once; one that is away is asked again, ever more rarely, by one key."""
    channel = house.channel("feishu")
    house.robot.answer = lambda post: (200, {"code": 19021, "msg": "sign match fail"})
    house.tell("li.na", "COMP-1")
    house.send()
    assert house.states() == [("failed", "refused")]
    house.robot.answer = lambda post: (302, {}, {"Location": "http://127.0.0.1/elsewhere"})
    house.tell("li.na", "COMP-2")
    house.send()
    assert house.states()[-1] == ("failed", "redirected") and len(house.robot.posts) == 2
    house.robot.answer = lambda post: (503, {})
    house.tell("li.na", "COMP-3")
    for pause in (0, 1, 5, 30, 120, 360, 360):
        house.send(timedelta(minutes=pause))
    assert house.states()[-1] == ("failed", "server_error")
    tries = house.robot.posts[2:]
    assert len(tries) == courier.ATTEMPTS and len({post.key for post in tries}) == 1
    assert house.rows(Delivery)[-1].channel_id == channel


@on_both
def test_dead_letters_are_shown_and_sent_again(house: House) -> None:
    house.mail.answer = lambda message: "550 no such mailbox <b>here</b>"
    house.letter("wang@example.com", "COMP-1")
    house.letter("li@example.com", "COMP-2")
    house.send()
    assert house.states() == [("failed", "refused")] * 2
    client = signed_in(house.app, "kang.ning")
    house.app.config["WTF_CSRF_ENABLED"] = False
    page = client.get("/admin/deliveries?state=failed").get_data(as_text=True)
    assert "550 no such mailbox &lt;b&gt;here&lt;/b&gt;" in page and "wang@example.com" in page
    assert "2 messages could not be sent" in page
    house.mail.answer = lambda message: None
    first, second = (row.id for row in house.rows(Delivery))
    keys = {mail["X-Keliu-Key"] for mail in house.mail.mails}
    assert client.post(f"/admin/deliveries/{first}/resend").status_code == 303
    house.send()
    assert house.states() == [("delivered", ""), ("failed", "refused")]
    assert client.post("/admin/deliveries/resend").status_code == 303
    house.send()
    assert house.states() == [("delivered", "")] * 2
    assert {mail["X-Keliu-Key"] for mail in house.mail.mails} == keys
    assert client.post(f"/admin/deliveries/{second}/drop").status_code == 303 and house.states()[1][0] == "delivered"
    assert signed_in(house.app, "li.na").get("/admin/deliveries").status_code == 403


def test_without_a_mail_server_mails_wait_and_nothing_fails(
    databases: Databases, clock: engine.VirtualClock, mailbox: Mailbox, robot: HttpReceiver
) -> None:
    with opened(databases, "sqlite", clock, mailbox, robot, smtp_url="") as house:
        house.letter("wang@example.com", "COMP-1")
        house.send()
        assert house.states() == [("waiting", "no_mail_server")]
        page = signed_in(house.app, "kang.ning").get("/admin/deliveries").get_data(as_text=True)
        assert "No mail server configured" in page and "1 e-mail waits" in page
        house.send(timedelta(days=3))
        settings = house.app.extensions["keliu.settings"]
        with_server = dataclasses.replace(settings, smtp_url=mailbox.url)
        house.app = create_app(with_server, clock=clock)
        house.send(timedelta(minutes=5))
        assert house.states() == [("delivered", "")] and len(mailbox.mails) == 1


def test_channels_are_added_tried_out_and_keep_their_secrets(house: House) -> None:
    client = signed_in(house.app, "kang.ning", language="zh")
    house.app.config["WTF_CSRF_ENABLED"] = False
    form = {"name": "华东<b>群</b>", "kind": "webhook", "url": house.robot.url + "?key=VERYSECRETKEY", "language": "zh"}
    form |= {"kinds": "overdue", "active": "1"}
    refused = client.post("/admin/channels/new", data=form | {"url": "ftp://x", "kinds": "nonsense", "kind": "?"})
    assert refused.status_code == 422 and "华东&lt;b&gt;" in refused.get_data(as_text=True)
    made = client.post("/admin/channels/new", data=form)
    (channel,) = house.rows(TeamChannel)
    assert made.status_code == 201 and channel.secret in made.get_data(as_text=True)
    page = client.get(f"/admin/channels/{channel.id}").get_data(as_text=True)
    assert "VERYSECRETKEY" not in page and channel.secret not in page
    assert "VERYSECRETKEY" not in client.get("/admin/channels").get_data(as_text=True)
    kept = client.post(f"/admin/channels/{channel.id}", data=form | {"url": "", "name": "华东群"})
    assert kept.status_code == 303 and house.rows(TeamChannel)[0].url == form["url"]
    house.robot.answer = lambda post: (418, {"errmsg": "<i>not now</i>"})
    client.post(f"/admin/channels/{channel.id}/test")
    shown = client.get(f"/admin/channels/{channel.id}").get_data(as_text=True)
    assert "418" in shown and "&lt;i&gt;not now" in shown
    house.robot.answer = lambda post: TAKEN
    client.post(f"/admin/channels/{channel.id}/test")
    assert "渠道已接收" in client.get(f"/admin/channels/{channel.id}").get_data(as_text=True)
    assert len(house.robot.posts) == 2


def test_a_team_hears_of_its_own_people_only(house: House) -> None:
    def department_key(session: Any) -> str | None:
        return accounts.department_of(session, "li.na")

    own = house.write(department_key)
    mine, everybody = house.channel(department_key=own), house.channel()
    foreign = house.channel(department_key="human_resources")
    house.tell("li.na", "COMP-1")
    house.tell("li.na", "COMP-2", template="task.assigned")
    assert [row.channel_id for row in house.rows(Delivery) if row.channel_id] == [mine, everybody]
    assert foreign not in {row.channel_id for row in house.rows(Delivery)}


def test_each_person_chooses(house: House) -> None:
    client = signed_in(house.app, "li.na")
    house.app.config["WTF_CSRF_ENABLED"] = False
    form = {"email": "li.na@example.com", **{f"email_{kind}": "off" for kind in preferences.DEFAULTS}}
    refused = client.post("/notices/preferences", data=form | {"email": "nobody"})
    assert refused.status_code == 422 and 'value="nobody"' in refused.get_data(as_text=True)
    assert client.post("/notices/preferences", data=form | {"email_overdue": "hourly"}).status_code == 303
    page = client.get("/notices/preferences").get_data(as_text=True)
    assert 'value="li.na@example.com"' in page and '<option value="hourly" selected>' in page
    house.tell("li.na", "COMP-1", template="task.assigned", actor="sun.lihua")
    assert house.rows(Delivery) == []
    with database_of(house.app).read() as session:
        assert queries.notices(session, "li.na")[0].read_at is not None
    part = client.get("/notices/preferences", headers={"HX-Request": "true"}).get_data(as_text=True)
    assert "<html" not in part and "li.na@example.com" in part


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://localhost/", "https://10.1.2.3/", "https://169.254.169.254/latest/meta-data",
        "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://[64:ff9b::7f00:1]/", "https://0.0.0.0/",
        "https://2130706433/", "https://0x7f.1/", "https://224.0.0.1/", "https://[fe80::1]/", "https://100.64.0.1/",
    ],
)  # fmt: skip
def test_a_channel_never_reaches_into_the_house(url: str) -> None:
    with pytest.raises(outbound.TargetRefused) as refused:
        outbound.post(url, b"{}", {}, ())
    assert refused.value.reason == "private_address"


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "https://", "https://a@example.com/", "https://exa mple.com", "gopher://x", "https://x:99999/"]
)  # fmt: skip
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(outbound.TargetRefused) as refused:
        outbound.post(url, b"{}", {}, ("127.0.0.1",))
    assert refused.value.reason == "bad_url"


def test_a_listener_that_drips_bytes_is_hung_up_on(monkeypatch: pytest.MonkeyPatch, robot: HttpReceiver) -> None:
    """Whoever answers a byte at a time holds a worker for the limit, no longer."""
    monkeypatch.setattr(outbound, "SECONDS", 1.0)
    with dripping_listener() as url:
        began = time.monotonic()
        with pytest.raises(outbound.TargetUnreachable):
            outbound.post(url, b"{}", {}, ("127.0.0.0/8",))
    assert time.monotonic() - began < 10
