"""Lists that stay fast at a million rows: filters, sorts and keyset paging in the database, the state in the URL.

A slice declares a :class:`ListSpec` and answers its route with :func:`respond`; ``components/table.html`` draws it.
"""

from app.web.lists.export import csv_bytes, safe_cell, xlsx_bytes
from app.web.lists.filters import (
    BoundFilter,
    ChoiceFilter,
    DateFilter,
    Filter,
    FilterContext,
    FlagFilter,
    HiddenFilter,
    SearchFilter,
    TextFilter,
)
from app.web.lists.page import Page, first_keys, first_rows, load, matching, respond
from app.web.lists.spec import Column, ListSpec, Sort

__all__ = [
    "BoundFilter",
    "ChoiceFilter",
    "Column",
    "DateFilter",
    "Filter",
    "FilterContext",
    "FlagFilter",
    "HiddenFilter",
    "ListSpec",
    "Page",
    "SearchFilter",
    "Sort",
    "TextFilter",
    "csv_bytes",
    "first_keys",
    "first_rows",
    "load",
    "matching",
    "respond",
    "safe_cell",
    "xlsx_bytes",
]
