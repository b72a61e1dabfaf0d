"""``/engine-rest`` against what Camunda 7 promises: every operation is offered or refused for a reason that is written
down, and the page about it is true. The answers themselves are checked wherever a program asks (tests/support/rest.py).

After a change

    python -m tests.web.test_engine_rest_contract

writes docs/architecture/engine-rest.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask

import engine
from app.engine_rest import VIEWS
from tests.support.camunda_contract import OPERATIONS, ROOT, properties
from tests.support.camunda_differences import DIFFERENT, NOT_OFFERED

PAGE = Path(__file__).parents[2] / "docs" / "architecture" / "engine-rest.md"
EXPRESSIONS = re.compile("Expression$|^case|^tenantId|TenantId$")
"""Camunda's filters for scripts, cases and tenants: nobody misses them one by one."""
HEAD = """# What `/engine-rest` offers of Camunda 7

Written by `python -m tests.web.test_engine_rest_contract` from the routes, the facts in `tests/support/camunda_contract.json`
(Camunda 7.24) and the reasons in `tests/support/camunda_differences.py`; a test compares.

For every operation: what is refused is never a 500. **404** unknown or not visible, **403** not allowed, **409** somebody
was faster, **400** everything else that is wrong with a request. Unknown query parameters and properties of queries are
refused with 400: Camunda ignores them, and then answers with more than was asked for. Filters by script (`…Expression`), case
and tenant do not exist. Every list shows what its caller may see.
"""  # noqa: E501


def shape(address: str) -> str:
    """An address whatever its parameters are called."""
    return re.sub(r"\{[^}]+\}|<[^>]+>", "*", address)


def routes(app: Flask) -> set[str]:
    """Method and shape of every route of the dialect."""
    return {
        f"{method} {shape(rule.rule.removeprefix(ROOT))}"
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith(ROOT)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def said(table: Mapping[str, str], operation: str) -> str | None:
    """What a table says about an operation: the longest pattern counts."""
    plain = operation.replace("{", "(").replace("}", ")")
    found = [one for one in table if fnmatchcase(plain, one.replace("{", "(").replace("}", ")"))]
    return table[max(found, key=len)] if found else None


def offered(app: Flask) -> dict[str, bool]:
    """Every operation of Camunda's, and whether there is a route for it."""
    known = routes(app)
    return {name: f"{name.split(' ')[0]} {shape(name.split(' ')[1])}" in known for name in OPERATIONS}


def test_every_operation_is_offered_or_refused_for_a_reason(app: Flask) -> None:
    found = offered(app)
    silent = [name for name, there in found.items() if not there and said(NOT_OFFERED, name) is None]
    assert silent == [], "neither offered nor explained"
    stale = [name for name, there in found.items() if there and said(NOT_OFFERED, name) is not None]
    assert stale == [], "offered, and said not to be"
    idle = [
        one for table in (NOT_OFFERED, DIFFERENT) for one in table if not any(said({one: ""}, n) == "" for n in found)
    ]
    assert idle == [], "about no operation"


def test_the_page_says_what_is_offered(app: Flask) -> None:
    assert PAGE.read_text() == page(app), "run python -m tests.web.test_engine_rest_contract"


def test_every_module_of_views_is_registered() -> None:
    folder = Path(__file__).parents[2] / "app" / "engine_rest"
    assert sorted(VIEWS) == sorted(path.stem for path in folder.glob("*_views.py"))


def page(app: Flask) -> str:
    """The whole page."""
    found = offered(app)
    lines = [HEAD, f"Offered: {sum(found.values())} of {len(found)} operations.", ""]
    for resource in sorted({resource_of(name) for name in found}):
        names = sorted(
            (name for name in found if resource_of(name) == resource), key=lambda name: name.split(" ")[::-1]
        )
        lines += [f"## {resource}", "", "| Operation | | |", "|---|---|---|"]
        lines += [f"| `{name}` | {state(found[name], name)} | {remark(found[name], name)} |" for name in names]
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


def resource_of(operation: str) -> str:
    parts = operation.split(" ")[1].strip("/").split("/")
    return "/".join(parts[:2]) if parts[0] == "history" else parts[0]


def state(there: bool, name: str) -> str:
    return "not offered" if not there else "different" if said(DIFFERENT, name) else "yes"


def remark(there: bool, name: str) -> str:
    if not there:
        return said(NOT_OFFERED, name) or ""
    missing = ", ".join(f"`{one}`" for one in missing_filters(name))
    parts = [said(DIFFERENT, name), f"Without {missing}." if missing else None]
    return " ".join(part for part in parts if part)


def missing_filters(name: str) -> Iterator[str]:
    """Filters and sorts of Camunda's that a list of ours does not know."""
    from app.engine_rest.filters import PAGING

    method, path = name.split(" ")
    words = vocabularies().get(path)
    if words is None:
        return
    operation = OPERATIONS[name]
    asked = operation.get("query", "").split() if method == "GET" else list(properties(operation["body"]))
    known = {*words.filters, *words.ignored, *PAGING, *(["orQueries"] if words.nested else [])}
    yield from sorted(one for one in asked if one not in known and not EXPRESSIONS.search(one))
    sorts = operation.get("sorts", "").split()
    yield from (f"sortBy={one}" for one in sorts if one not in words.sorts and not EXPRESSIONS.search(one))


@cache
def vocabularies():  # type: ignore[no-untyped-def]  # the slice is imported with the application
    """Filters and sorts by address."""
    from app.engine_rest.listing import OFFERED

    return {path: one.words for path, one in OFFERED.items()}


def _no_server() -> Any:
    raise RuntimeError("the page is made on SQLite")


if __name__ == "__main__":
    import tempfile

    from tests.support import application

    with tempfile.TemporaryDirectory() as folder:
        databases = application.Databases(Path(folder), _no_server)
        clock = engine.VirtualClock(application.DEMO_LOADED)
        with application.running_app(databases, "sqlite", clock, company=False) as app:
            PAGE.write_text(page(app))
