"""What the account pages accept: forms as marshmallow schemas, errors as :class:`FieldErrors` people can read."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import EXCLUDE, Schema, ValidationError, fields
from werkzeug.datastructures import MultiDict

from app.errors import FieldErrors
from app.security import passwords

TOKEN_DAYS = (30, 90, 365)
LOGIN = re.compile(r"[a-z][a-z0-9._-]{1,59}")
NAME = re.compile(r"[a-z][a-z0-9_]{1,55}")
LARGEST_ID = 2**62
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

Check = Callable[[Any], None]


def _messages() -> dict[str, Any]:
    wrong = _l("This is not valid.")
    return {"required": _l("Please fill this in."), "null": _l("Please fill this in."), "invalid": wrong}


def _text(maximum: int, *, required: bool = False, check: Check | None = None) -> fields.String:
    def bounds(value: str) -> None:
        if required and not value:
            raise ValidationError(_("Please fill this in."))
        if len(value) > maximum:
            raise ValidationError(_("At most %(count)s characters.", count=maximum))
        if CONTROL.search(value):
            raise ValidationError(_("This is not valid."))

    validators = [bounds, check] if check else [bounds]
    if required:
        return fields.String(required=True, validate=validators, error_messages=_messages())
    return fields.String(load_default="", validate=validators, error_messages=_messages())


def _number() -> fields.Integer:
    def bounds(value: int) -> None:
        if not 0 < value < LARGEST_ID:
            raise ValidationError(_("This is not valid."))

    return fields.Integer(load_default=None, allow_none=True, validate=bounds, error_messages=_messages())


def _names() -> fields.List[str]:
    return fields.List(_text(100), load_default=list, error_messages=_messages())


def _pattern(pattern: re.Pattern[str], message: Any) -> Check:
    def check(value: str) -> None:
        if value and not pattern.fullmatch(value):
            raise ValidationError(str(message))

    return check


def _one_of(*allowed: str) -> Check:
    def check(value: str) -> None:
        if value not in allowed:
            raise ValidationError(_("This is not valid."))

    return check


class Form(Schema):
    """A form posted by a page. Fields it does not know (the CSRF token) are ignored."""

    class Meta:
        """Forms carry more than their fields."""

        unknown = EXCLUDE


class UserForm(Form):
    """A person, without login and password."""

    name = _text(100, required=True)
    name_en = _text(100)
    department_id = _number()
    position_zh = _text(100)
    position_en = _text(100)
    supervisor_id = _number()
    language = _text(5, check=_one_of("", "zh", "en"))
    groups = _names()
    roles = _names()


class NewUserForm(UserForm):
    """A new person; the login never changes later."""

    login = _text(
        60, required=True, check=_pattern(LOGIN, _l("Small letters, digits, dots and dashes, a letter first."))
    )


class GroupForm(Form):
    """A group, without its name."""

    title_zh = _text(100, required=True)
    title_en = _text(100, required=True)
    department_id = _number()


class NewGroupForm(GroupForm):
    """A new group; process models use its name, so it never changes later."""

    name = _text(56, required=True, check=_pattern(NAME, _l("Small letters, digits and underscores, a letter first.")))


class RoleForm(Form):
    """The titles of a role."""

    title_zh = _text(100, required=True)
    title_en = _text(100, required=True)


class NewRoleForm(RoleForm):
    """A new role."""

    name = _text(56, required=True, check=_pattern(NAME, _l("Small letters, digits and underscores, a letter first.")))


class DepartmentForm(Form):
    """A department, without its key."""

    name_zh = _text(100, required=True)
    name_en = _text(100, required=True)
    parent_id = _number()


class NewDepartmentForm(DepartmentForm):
    """A new department; routing rules use its key, so it never changes later."""

    key = _text(56, required=True, check=_pattern(NAME, _l("Small letters, digits and underscores, a letter first.")))


class TokenForm(Form):
    """A bearer token: what it is for, and for how many days (empty: until revoked)."""

    name = _text(100, required=True)
    days = _text(4, check=_one_of("", *map(str, TOKEN_DAYS)))


def read(schema: type[Form], posted: MultiDict[str, str]) -> dict[str, Any]:
    """The values of a posted form, stripped of white space around. Raises :class:`FieldErrors`."""
    form = schema()
    given: dict[str, Any] = {}
    for name, field in form.fields.items():
        if isinstance(field, fields.List):
            given[name] = posted.getlist(name)
        elif name in posted:
            text = posted[name].strip()
            given[name] = None if isinstance(field, fields.Integer) and not text else text
    try:
        values: dict[str, Any] = form.load(given)
    except ValidationError as error:
        raise FieldErrors({str(name): _flat(found) for name, found in _by_field(error).items()}) from error
    return values


def new_password(login: str, password: str, repeated: str) -> str:
    """A good enough new password, typed twice. Raises :class:`FieldErrors`."""
    reasons = {
        "short": _l("At least %(count)s characters.", count=passwords.MINIMUM),
        "long": _l("At most %(count)s characters.", count=passwords.MAXIMUM),
        "login": _l("Don't use your login in the password."),
        "simple": _l("Use more different characters."),
    }
    weakness = passwords.weakness(password, login)
    if weakness:
        raise FieldErrors({"new_password": [reasons[weakness]]})
    if password != repeated:
        raise FieldErrors({"repeated_password": [_l("The two passwords differ.")]})
    return password


def _by_field(error: ValidationError) -> dict[Any, Any]:
    return error.messages if isinstance(error.messages, dict) else {"": error.messages}


def _flat(found: Any) -> list[Any]:
    """Messages of a field; those of list items are joined to their list's."""
    if isinstance(found, dict):
        return [message for part in found.values() for message in _flat(part)]
    return found if isinstance(found, list) else [found]  # marshmallow leaves a lazy string alone
