"""Who may do what. Routes say it with the guards, slices ask the policy and filter by the scope."""

from app.security import policy, scope
from app.security.guards import Access, polling, public, requires, signed_in
from app.security.permissions import PERMISSIONS, Permission
from app.security.principal import ANONYMOUS, AnonymousPrincipal, Principal, current, impersonate

__all__ = [
    "ANONYMOUS",
    "PERMISSIONS",
    "Access",
    "AnonymousPrincipal",
    "Permission",
    "Principal",
    "current",
    "impersonate",
    "policy",
    "polling",
    "public",
    "requires",
    "scope",
    "signed_in",
]
