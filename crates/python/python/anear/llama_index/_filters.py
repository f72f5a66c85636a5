"""LlamaIndex's filters as SQL conditions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from llama_index.core.vector_stores.types import (
    FilterCondition,
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
)

from .._adapters import conditions
from .._adapters.conditions import Condition, Operand
from .._adapters.metadata import Layout
from .._errors import UsageError
from ._nodes import DOCUMENT

_DOCUMENT_NAMES = ("ref_doc_id", "doc_id", "document_id")


def condition(filters: MetadataFilters | None, layout: Layout) -> Condition:
    """The condition that filters stand for; none are always met.

    Raises
    ------
    UsageError
        If a value is none for its operator.
    """
    if filters is None or not filters.filters:
        return conditions.ALWAYS
    parts = [_one(part, layout) for part in filters.filters]
    if filters.condition == FilterCondition.OR:
        return conditions.any_of(parts)
    if filters.condition == FilterCondition.NOT:
        return conditions.any_of(parts).negated()
    return conditions.all_of(parts)


def _one(part: MetadataFilter | MetadataFilters, layout: Layout) -> Condition:
    if isinstance(part, MetadataFilters):
        return condition(part, layout)
    if part.key in _DOCUMENT_NAMES and part.key not in layout.names():
        x = layout.own(DOCUMENT)
    else:
        x = layout.operand(part.key)
    return _OPERATORS[part.operator](x, part.value)


def _has(x: Operand, value: Any) -> Condition:
    """A list that has an element or, as with Python's ``in``, a text that has a text in it."""
    if x.kind == "text":
        return conditions.has_text(x, value) if isinstance(value, str) else conditions.NEVER
    return conditions.has_element(x, value)


def _has_text(x: Operand, value: Any, *, any_case: bool = False) -> Condition:
    if not isinstance(value, str):
        raise UsageError(f"a filter looks for the text {value!r}, which is none")
    return conditions.has_text(x, value, any_case=any_case)


def _values(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise UsageError(f"a filter has {value!r} where a list is wanted")
    return value


_OPERATORS: dict[FilterOperator, Callable[[Operand, Any], Condition]] = {
    FilterOperator.EQ: conditions.equal,
    FilterOperator.NE: lambda x, value: conditions.equal(x, value).negated(),
    FilterOperator.GT: lambda x, value: conditions.compare(x, ">", value),
    FilterOperator.GTE: lambda x, value: conditions.compare(x, ">=", value),
    FilterOperator.LT: lambda x, value: conditions.compare(x, "<", value),
    FilterOperator.LTE: lambda x, value: conditions.compare(x, "<=", value),
    FilterOperator.IN: lambda x, value: conditions.one_of(x, _values(value)),
    FilterOperator.NIN: lambda x, value: conditions.one_of(x, _values(value)).negated(),
    FilterOperator.ANY: lambda x, value: conditions.any_of(
        [_has(x, one) for one in _values(value)]
    ),
    FilterOperator.ALL: lambda x, value: conditions.all_of(
        [conditions.equal(x, None).negated(), *(_has(x, one) for one in _values(value))]
    ),
    FilterOperator.CONTAINS: _has,
    FilterOperator.TEXT_MATCH: _has_text,
    FilterOperator.TEXT_MATCH_INSENSITIVE: lambda x, value: _has_text(x, value, any_case=True),
    FilterOperator.IS_EMPTY: lambda x, _: conditions.is_empty(x),
}
