"""Filters as SQL conditions, in the language of dicts that LangChain's stores have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .._adapters import conditions
from .._adapters.conditions import Condition, Operand
from .._adapters.metadata import Layout
from .._errors import UsageError

Filter = Mapping[str, Any]

_OPERATORS: dict[str, Callable[[Operand, Any], Condition]] = {
    "$eq": conditions.equal,
    "$ne": lambda x, value: conditions.equal(x, value).negated(),
    "$gt": lambda x, value: conditions.compare(x, ">", value),
    "$gte": lambda x, value: conditions.compare(x, ">=", value),
    "$lt": lambda x, value: conditions.compare(x, "<", value),
    "$lte": lambda x, value: conditions.compare(x, "<=", value),
    "$in": lambda x, value: conditions.one_of(x, _listed(value)),
    "$nin": lambda x, value: conditions.one_of(x, _listed(value)).negated(),
    "$between": lambda x, value: _between(x, *_listed(value, 2)),
    "$like": lambda x, value: conditions.plain(f"{x.sql} LIKE ?", (value,)),
    "$contains": conditions.has_element,
    "$exists": lambda x, value: (
        conditions.equal(x, None).negated() if value else conditions.equal(x, None)
    ),
}


def condition(filter: Filter, layout: Layout) -> Condition:
    """The condition that a filter stands for."""
    parts = []
    for key, wanted in filter.items():
        if key == "$and":
            parts.append(conditions.all_of([condition(part, layout) for part in _listed(wanted)]))
        elif key == "$or":
            parts.append(conditions.any_of([condition(part, layout) for part in _listed(wanted)]))
        elif key == "$not":
            parts.append(condition(wanted, layout).negated())
        elif key.startswith("$"):
            raise UsageError(
                f"a filter has {key!r} where a key of the metadata is wanted",
                help="conditions are joined by $and, $or and $not",
            )
        else:
            parts.extend(_about(layout.operand(*_path(key, layout)), key, wanted))
    return conditions.all_of(parts)


def _between(x: Operand, low: Any, high: Any) -> Condition:
    return conditions.all_of([conditions.compare(x, ">=", low), conditions.compare(x, "<=", high)])


def _listed(value: Any, length: int | None = None) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)) or length not in (None, len(value)):
        wanted = "a list" if length is None else f"a list of {length} values"
        raise UsageError(f"a filter has {value!r} where {wanted} is wanted")
    return value


def _path(key: str, layout: Layout) -> Sequence[str]:
    """A key with dots leads into a dict, unless there is a key that is written so."""
    return [key] if key in layout.names() else key.split(".")


def _about(x: Operand, key: str, wanted: Any) -> list[Condition]:
    if not isinstance(wanted, Mapping):
        return [conditions.equal(x, wanted)]
    unknown = [operator for operator in wanted if operator not in _OPERATORS]
    if unknown or not wanted:
        raise UsageError(
            f"the filter of {key!r} has {unknown[0]!r}"
            if unknown
            else f"the filter of {key!r} is {{}}",
            help=f"the operators are: {', '.join(_OPERATORS)}",
        )
    return [_OPERATORS[operator](x, value) for operator, value in wanted.items()]
