"""How a route says who may call it. The marks are read and enforced in one place, :mod:`app.security.identity`;
a route without a mark is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from app.security.permissions import PERMISSIONS

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call a route: everybody (``public``), everybody signed in, or the holders of a permission."""

    kind: str  # "public" | "signed_in" | "permission"
    permission: str | None = None

    def __str__(self) -> str:
        return self.permission or self.kind


PUBLIC = Access("public")
SIGNED_IN = Access("signed_in")


def requires(permission: str) -> Callable[[View], View]:
    """Only for people with ``permission``; the view still asks the policy about the particular subject."""
    if permission not in PERMISSIONS:
        raise ValueError(f"unknown permission {permission!r}")
    return _mark(Access("permission", permission))


def signed_in(view: View) -> View:
    """For everybody who is signed in."""
    return _mark(SIGNED_IN)(view)


def public(view: View) -> View:
    """For everybody, signed in or not."""
    return _mark(PUBLIC)(view)


def polling(view: View) -> View:
    """The page asks this by itself: such requests don't count as activity of the person."""
    view.__polling__ = True  # type: ignore[attr-defined]  # a mark on a function
    return view


def _mark(access: Access) -> Callable[[View], View]:
    def mark(view: View) -> View:
        if getattr(view, "__access__", None) is not None:
            raise TypeError(f"{view!r} declares its access twice")
        view.__access__ = access  # type: ignore[attr-defined]  # a mark on a function
        return view

    return mark


def access_of(view: Callable[..., Any], method: str) -> Access | None:
    """The declared access of a view function or of ``method`` of a class-based view; None when it has none."""
    handler = _handler(view, method)
    found = getattr(handler, "__access__", None) or getattr(view, "__access__", None)
    return found if isinstance(found, Access) else None


def is_polling(view: Callable[..., Any], method: str) -> bool:
    """Whether the view is marked as asked by the page itself."""
    return bool(getattr(_handler(view, method), "__polling__", False))


def _handler(view: Callable[..., Any], method: str) -> Any:
    owner = getattr(view, "view_class", None)
    if owner is None:
        return view
    name = "get" if method == "HEAD" and not hasattr(owner, "head") else method.lower()
    return getattr(owner, name, None) or owner
