"""Names of states, ways, reasons and paces, as people read them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from app.notifications.models import ChannelKind, DeliveryState, Medium, Pace

CHANNEL_KINDS: Mapping[str, Any] = {
    ChannelKind.WECOM.value: _l("WeCom robot"),
    ChannelKind.DINGTALK.value: _l("DingTalk robot"),
    ChannelKind.FEISHU.value: _l("Feishu robot"),
    ChannelKind.WEBHOOK.value: _l("Signed webhook"),
}
MEDIA: Mapping[str, Any] = {Medium.EMAIL.value: _l("E-mail message"), Medium.CHANNEL.value: _l("Team channel")}
STATES: Mapping[str, tuple[Any, str]] = {
    DeliveryState.WAITING.value: (_l("waiting"), "blue"),
    DeliveryState.SENDING.value: (_l("being sent"), "blue"),
    DeliveryState.DELIVERED.value: (_l("sent"), "green"),
    DeliveryState.MERGED.value: (_l("in another message"), "green"),
    DeliveryState.FAILED.value: (_l("not sent"), "red"),
    DeliveryState.DROPPED.value: (_l("given up"), "secondary"),
}
PACES: Mapping[str, Any] = {
    Pace.OFF.value: _l("never"),
    Pace.NOW.value: _l("at once"),
    Pace.HOURLY.value: _l("together, every hour"),
    Pace.DAILY.value: _l("together, in the morning"),
}
REASONS: Mapping[str, Any] = {
    "no_mail_server": _l("No mail server is configured."),
    "unreachable": _l("No answer."),
    "too_many": _l("Too many messages in a minute; it waits for its turn."),
    "resting": _l("The other side does not answer; the next try is later."),
    "server_error": _l("The other side has a fault."),
    "refused": _l("The other side refused it."),
    "redirected": _l("The other side points elsewhere; that is not followed."),
    "private_address": _l("The address belongs to the own network and is not allowed."),
    "plain_http": _l("Outside of the own network only https is possible."),
    "bad_url": _l("This is not an address we can send to."),
    "gone": _l("The person or the channel is no longer there."),
    "given_up": _l("Somebody decided not to send it."),
}


def reason(code: str) -> str:
    """Why something was not sent."""
    return str(REASONS.get(code, code))
