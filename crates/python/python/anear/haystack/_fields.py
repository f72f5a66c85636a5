"""What there is to say about the fields of the metadata of all documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._adapters.conditions import ALWAYS, Condition
from .._adapters.documents import Documents
from .._adapters.metadata import MORE, TYPES

_TYPES = ((bool, "boolean"), (int, "int"), (float, "float"))


def info(documents: Documents) -> dict[str, dict[str, str]]:
    """The fields that have values, with the type of the values."""
    layout = documents.layout()
    types = {}
    for each in documents.read(columns=layout.names()):
        for field, value in layout.decode(each.row).items():
            if value is not None:
                types[field] = {"type": _type(value)}
    return types


def min_max(documents: Documents, field: str) -> dict[str, Any]:
    """The smallest and the largest number or text of a field."""
    values = [
        value for value in _values(documents, field, ALWAYS) if not isinstance(value, (list, dict))
    ]
    try:
        return {"min": min(values), "max": max(values)}
    except (TypeError, ValueError):  # numbers beside texts, or nothing at all
        return {"min": None, "max": None}


def unique(documents: Documents, field: str, condition: Condition, term: str = "") -> list[Any]:
    """The different values of a field that have a text in them, sorted as texts. Values of
    different types are different: 1, 1.0, "1" and True."""
    values = {
        (str(value), type(value).__name__): value
        for value in _values(documents, field, condition)
        if term.lower() in str(value).lower()
    }
    return [values[key] for key in sorted(values)]


def _values(documents: Documents, field: str, condition: Condition) -> Iterator[Any]:
    """The values of a field in the documents that meet a condition."""
    layout = documents.layout()
    key = field.removeprefix("meta.")
    columns = [name for name in layout.names() if name in (key, MORE, TYPES)]
    for each in documents.read(condition, columns=columns):
        value = layout.decode(each.row).get(key)
        if value is not None:
            yield value


def _type(value: Any) -> str:
    return next((name for kind, name in _TYPES if isinstance(value, kind)), "keyword")
