"""What each kind of team channel expects to be sent, how it is signed, and what its answers mean.

Always plain text, never Markdown: a name that looks like markup stays a name.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote_plus

from app.notifications.models import ChannelKind
from app.notifications.outbound import Answer

REPLAY_SECONDS = 300
"""A receiver of signed webhooks should refuse a timestamp that is further away than this."""
LONGEST = {ChannelKind.WECOM: 2_000}
"""Bytes of text; WeCom takes 2048."""
LONGEST_OTHERS = 15_000
TRY_AGAIN = {
    ChannelKind.WECOM: {-1, 45009, 45033},
    ChannelKind.DINGTALK: {-1, 130101, 130102, 410100},
    ChannelKind.FEISHU: {9499, 11232, 99991400},
}
"""Codes of "too many" and "busy" in the answers of the three houses."""
TEMPORARY = {408, 425, 429}


@dataclass(frozen=True, slots=True)
class Request:
    """What goes over the wire."""

    url: str
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be said. ``key`` is the same however often it is sent."""

    key: str
    text: str
    kind: str
    lines: tuple[Mapping[str, str], ...]


def longest(kind: str) -> int:
    """How many bytes of text a channel takes."""
    return LONGEST.get(ChannelKind(kind), LONGEST_OTHERS)


def request(kind: str, url: str, secret: str, message: Message, at: datetime) -> Request:
    """The message as this kind of channel wants it, signed if there is a secret."""
    make = {
        ChannelKind.WEBHOOK: _webhook,
        ChannelKind.WECOM: _wecom,
        ChannelKind.DINGTALK: _dingtalk,
        ChannelKind.FEISHU: _feishu,
    }[ChannelKind(kind)]
    address, body, headers = make(url, secret, message, at)
    common = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": message.key}
    return Request(address, body, common | headers)


Parts = tuple[str, bytes, dict[str, str]]


def _webhook(url: str, secret: str, message: Message, at: datetime) -> Parts:
    said = {"key": message.key, "kind": message.kind, "text": message.text, "notices": list(message.lines)}
    body = _json(said)
    stamp = str(int(at.timestamp()))
    headers = {"X-Keliu-Timestamp": stamp}
    if secret:
        headers["X-Keliu-Signature"] = f"sha256={signature(secret, stamp, body)}"
    return url, body, headers


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over ``timestamp.body``, in hexadecimal: what the receiver of a webhook computes too."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def _wecom(url: str, _secret: str, message: Message, _at: datetime) -> Parts:
    return url, _json({"msgtype": "text", "text": {"content": message.text}}), {}


def _dingtalk(url: str, secret: str, message: Message, at: datetime) -> Parts:
    """Signature: https://open.dingtalk.com/document/robots/customize-robot-security-settings"""
    body = _json({"msgtype": "text", "text": {"content": message.text}})
    if not secret:
        return url, body, {}
    stamp = str(int(at.timestamp() * 1000))
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    signed = quote_plus(base64.b64encode(digest))
    return f"{url}{'&' if '?' in url else '?'}timestamp={stamp}&sign={signed}", body, {}


def _feishu(url: str, secret: str, message: Message, at: datetime) -> Parts:
    """Signature: https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot"""
    # The one piece of markup that Feishu reads in plain text calls people: <at user_id="all">.
    said: dict[str, Any] = {"msg_type": "text", "content": {"text": message.text.replace("<", "＜")}}
    if secret:
        stamp = str(int(at.timestamp()))
        digest = hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
        said = {"timestamp": stamp, "sign": base64.b64encode(digest).decode(), **said}
    return url, _json(said), {}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer means. ``reason`` is a code, empty when the message was taken."""

    taken: bool
    again: bool = False
    reason: str = ""


def verdict(kind: str, answer: Answer) -> Verdict:
    """Read an answer. The three houses say 200 to everything and what they mean in the body."""
    if answer.status in TEMPORARY or answer.status >= 500:
        return Verdict(False, True, "too_many" if answer.status == 429 else "server_error")
    if 300 <= answer.status < 400:
        return Verdict(False, False, "redirected")
    if not 200 <= answer.status < 300:
        return Verdict(False, False, "refused")
    if kind == ChannelKind.WEBHOOK:
        return Verdict(True)
    code = _code(answer.text)
    if code == 0:
        return Verdict(True)
    again = code in TRY_AGAIN[ChannelKind(kind)]
    return Verdict(False, again, "too_many" if again else "refused")


def _code(text: str) -> int | None:
    try:
        said = json.loads(text)
    except ValueError:
        return None
    if not isinstance(said, dict):
        return None
    found = next((said[name] for name in ("errcode", "code", "StatusCode") if name in said), None)
    return found if isinstance(found, int) else None


def new_secret() -> str:
    """A secret for a webhook of our own kind."""
    return secrets.token_urlsafe(32)
