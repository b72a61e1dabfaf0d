"""What the forms about notices accept; errors are :class:`FieldErrors` people can read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from werkzeug.datastructures import MultiDict

from app.errors import FieldErrors
from app.notifications import outbound
from app.notifications.mail import is_address
from app.notifications.models import ChannelKind, Pace
from app.notifications.outbound import TargetRefused
from app.notifications.preferences import Wish
from app.notifications.wording import KINDS

REQUIRED = _l("Please fill this in.")
NOT_A_CHOICE = _l("This value is not one of the choices.")
LONGEST = {"name": 100, "url": 1000, "secret": 200}
Form = MultiDict[str, str]


def preferences(form: Form) -> dict[str, Any]:
    """What a person wants. Raises FieldErrors."""
    errors: dict[str, list[Any]] = {}
    email = form.get("email", "").strip()
    if email and not is_address(email):
        errors["email"] = [_l("This is not an e-mail address.")]
    wishes = {}
    for kind in KINDS:
        pace = form.get(f"email_{kind}", "")
        if pace not in set(Pace):
            errors[f"email_{kind}"] = [NOT_A_CHOICE]
        else:
            wishes[kind] = Wish(bool(form.get(f"page_{kind}")), Pace(pace))
    _refuse(errors)
    return {"email": email, "working_hours": bool(form.get("working_hours")), "wishes": wishes}


def channel(form: Form, departments: Mapping[str, str], allow: tuple[str, ...]) -> dict[str, Any]:
    """A team's channel. An empty secret of a channel that has one means: keep it. Raises FieldErrors."""
    errors: dict[str, list[Any]] = {}
    values: dict[str, Any] = {name: form.get(name, "").strip() for name in ("name", "kind", "url", "secret")}
    for name, longest in LONGEST.items():
        if len(values[name]) > longest:
            errors[name] = [_l("At most %(count)s characters.", count=longest)]
        elif any(not character.isprintable() for character in values[name]):
            errors[name] = [_l("This is not valid.")]
    if not values["name"]:
        errors["name"] = [REQUIRED]
    if values["kind"] not in set(ChannelKind):
        errors["kind"] = [NOT_A_CHOICE]
    values["department_key"] = form.get("department_key") or None
    if values["department_key"] and values["department_key"] not in departments:
        errors["department_key"] = [NOT_A_CHOICE]
    values["kinds"] = [kind for kind in KINDS if kind in form.getlist("kinds")]
    if not values["kinds"]:
        errors["kinds"] = [_l("Choose at least one kind of notice.")]
    values["language"] = "en" if form.get("language") == "en" else "zh"
    values["active"] = bool(form.get("active"))
    if not errors.get("url") and values["url"]:
        errors |= _address(values["url"], allow)
    _refuse(errors)
    return values


def _address(url: str, allow: tuple[str, ...]) -> dict[str, list[Any]]:
    """Whether the address is of the kind that can be reached. Names are looked up when something is sent."""
    try:
        parts, _host, _port = outbound.checked(url)
    except TargetRefused:
        return {"url": [_l("Give the whole address, like https://example.com/hook.")]}
    if parts.scheme != "https" and not allow:
        return {"url": [_l("The address begins with https://. Only hosts of the own house may do without.")]}
    return {}


def _refuse(errors: dict[str, list[Any]]) -> None:
    if errors:
        raise FieldErrors(errors)
