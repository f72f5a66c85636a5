"""Haystack's filters as SQL conditions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from haystack.errors import FilterError

from .._adapters import conditions
from .._adapters.conditions import NEVER, Condition, Operand
from .._adapters.documents import Documents
from .._adapters.metadata import Layout
from .._errors import UsageError
from ._documents import NO_EMBEDDING

_DATE = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]*"


def condition(filters: Mapping[str, Any] | None, documents: Documents) -> Condition:
    """The condition that filters stand for; none are always met.

    Raises
    ------
    FilterError
        If they are malformed, or compare what cannot be compared.
    """
    if not filters:
        return conditions.ALWAYS
    try:
        return _either(filters, documents, documents.layout())
    except UsageError as error:
        raise FilterError(str(error)) from error


def _either(filters: Mapping[str, Any], documents: Documents, layout: Layout) -> Condition:
    if "field" in filters:
        operator, value = _item(filters, "operator"), _item(filters, "value")
        if operator not in _COMPARISONS:
            raise FilterError(f"unknown operator {operator!r}; there are {list(_COMPARISONS)}")
        return _COMPARISONS[operator](_operand(filters["field"], documents, layout), value)
    operator, parts = _item(filters, "operator"), _item(filters, "conditions")
    inner = [_either(part, documents, layout) for part in parts]
    if operator == "AND":
        return conditions.all_of(inner)
    if operator == "OR":
        return conditions.any_of(inner)
    if operator == "NOT":
        return conditions.all_of(inner).negated()
    raise FilterError(f"unknown operator {operator!r}; there are AND, OR and NOT")


def _item(filters: Mapping[str, Any], key: str) -> Any:
    if key not in filters:
        raise FilterError(f"the key {key!r} is missing in the filter {dict(filters)!r}")
    return filters[key]


def _operand(field: str, documents: Documents, layout: Layout) -> Operand:
    """A field of a document; ``meta`` may be left out."""
    if field == "id":
        return documents.id_operand()
    if field == "content":
        return layout.own(documents.text)
    if field == "embedding":
        absent = layout.own(NO_EMBEDDING).sql
        return Operand(f"iif({absent}, NULL, 'there')")
    return layout.operand(*field.removeprefix("meta.").split("."))


def _equal(x: Operand, value: Any) -> Condition:
    if isinstance(value, date):
        return _compare_dates(x, "=", value)
    return conditions.equal(x, value)


def _ordered(sign: str) -> Callable[[Operand, Any], Condition]:
    def compare(x: Operand, value: Any) -> Condition:
        if value is None or isinstance(value, (bool, int, float)):
            return conditions.compare(x, sign, value)
        if isinstance(value, (str, date)):
            return _compare_dates(x, sign, value)
        raise FilterError(f"{sign} compares numbers and dates, not {value!r}")

    return compare


def _compare_dates(x: Operand, sign: str, value: str | date) -> Condition:
    """Dates are ISO 8601 texts, to the millisecond; those without a time zone are in UTC."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.removesuffix("Z") + "+00:00" * value.endswith("Z"))
        except ValueError as error:
            raise FilterError(f"{sign} compares texts as dates, and {value!r} is none") from error
    if x.kind not in (None, "text", "mixed"):
        return NEVER
    earlier = f"{x.sql} GLOB '{_DATE}' AND julianday({x.sql}) {sign} julianday(?)"
    return conditions.plain(earlier, (value.isoformat(),))


def _one_of(x: Operand, values: Any) -> Condition:
    if not isinstance(values, list):
        raise FilterError(f"'in' and 'not in' want a list, not {values!r}")
    return conditions.one_of(x, values)


_COMPARISONS: dict[str, Callable[[Operand, Any], Condition]] = {
    "==": _equal,
    "!=": lambda x, value: _equal(x, value).negated(),
    ">": _ordered(">"),
    ">=": _ordered(">="),
    "<": _ordered("<"),
    "<=": _ordered("<="),
    "in": _one_of,
    "not in": lambda x, values: _one_of(x, values).negated(),
}
