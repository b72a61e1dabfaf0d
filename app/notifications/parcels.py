"""A delivery as it goes over the wire: its words in the recipient's language, with what goes along."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

import engine
from app.accounts import queries as accounts
from app.files.models import StoredFile
from app.notifications import house, mail, robots, wording
from app.notifications.models import Delivery, OutboxMessage, TeamChannel
from app.notifications.wording import N_

MORE = N_("and %(num)s more")
REFUSE = N_("You want no more letters like this one?")
BOTH = ("zh", "en")
RULE = "\n\n----\n\n"


def key_of(delivery: Delivery) -> str:
    """What the receiver knows a message by: the same however often it is sent."""
    return hashlib.sha256(f"{delivery.id}:{delivery.dedupe_key}".encode()).hexdigest()[:40]


def sentence(session: Session, template: str, facts: dict[str, Any], language: str) -> str:
    """A notice in words: step and person by name, not by id."""
    told = dict(facts)
    actor = told.get("actor")
    if actor:
        told["actor"] = accounts.display_names(session, [str(actor)], language)[str(actor)]
    if told.get("definition_id") and told.get("node_id"):
        told["task"] = engine.queries.node_name(session, told["definition_id"], told["node_id"], language)
    return wording.notice_text(template, told, language)


def robot_request(
    session: Session, channel: TeamChannel, delivery: Delivery, along: Sequence[Delivery]
) -> robots.Request:
    """The message of a team's channel: one sentence a line, each with its address."""
    lines = [_line(session, row, channel.language) for row in (delivery, *along)]
    text = cut([f"{line.text} {line.url}".strip() for line in lines], robots.longest(channel.kind), channel.language)
    said = tuple({"text": line.text, "url": line.url} for line in lines)
    message = robots.Message(key_of(delivery), text, delivery.kind, said)
    return robots.request(channel.kind, channel.url, channel.secret, message, engine.now(session))


def _line(session: Session, row: Delivery, language: str) -> mail.Line:
    text = sentence(session, row.template, row.facts, language)
    return mail.Line(" ".join(text.split()), house.of(session).address(row.link))


def cut(lines: Sequence[str], longest: int, language: str) -> str:
    """As many of ``lines`` as fit into so many bytes, and how many are left out."""
    kept: list[str] = []
    room = longest - 60  # for the last line
    for line in lines:
        encoded = line.encode()
        if len(encoded) > room:
            break
        kept.append(line)
        room -= len(encoded) + 1
    if not kept:
        kept = [lines[0].encode()[:room].decode("utf-8", "ignore") + "…"]
    left = len(lines) - len(kept)
    if left:
        kept.append(wording.said(MORE, language) % {"num": left})
    return "\n".join(kept)


def notice_mail(session: Session, delivery: Delivery, along: Sequence[Delivery]) -> EmailMessage:
    """The e-mail of an employee: what happened, in one sentence each."""
    person = accounts.user(session, delivery.login or "")
    language = (person.language if person else None) or "zh"
    lines = [_line(session, row, language) for row in (delivery, *along)]
    subject = lines[0].text
    if len(lines) > 1:
        subject = wording.said(N_("%(num)s notices of Keliu"), language) % {"num": len(lines)}
    here = house.of(session)
    values = {
        "lines": lines,
        "name": person.shown(language) if person else "",
        "language": language,
        "settings_url": here.address("/notices/preferences"),
    }
    text, html = (
        mail.render(template, lambda msgid: wording.said(msgid, language), **values)
        for template in ("notices.txt", "notices.html")
    )
    return mail.compose(here.mail_from, delivery.address, subject, text, html, key_of(delivery))


def letter_mail(session: Session, delivery: Delivery, letter: OutboxMessage) -> EmailMessage:
    """The e-mail of a customer: in the language that is known, otherwise in both."""
    here = house.of(session)
    languages = (letter.language,) if letter.language in BOTH else BOTH
    bodies = [letter.body_zh if language == "zh" else letter.body_en for language in languages]
    subjects = [letter.subject_zh if language == "zh" else letter.subject_en for language in languages]
    refusal = here.refusal_link(delivery.address) if letter.advertising else ""
    if refusal:
        bodies = [
            f"{body}\n\n{wording.said(REFUSE, language)} {refusal}"
            for language, body in zip(languages, bodies, strict=True)
        ]
    html = mail.render("letter.html", str, parts=list(zip(languages, bodies, strict=True)))
    files = [
        mail.Attachment(row.name, row.media_type, row.content)
        for row in session.scalars(
            sa.select(StoredFile).where(StoredFile.id.in_(letter.file_ids)).order_by(StoredFile.id)
        )
    ]
    text, subject = RULE.join(bodies) + "\n", " / ".join(subjects)
    message = mail.compose(here.mail_from, delivery.address, subject, text, html, key_of(delivery), files)
    if refusal:
        message["List-Unsubscribe"] = f"<{refusal}>"
    return message
